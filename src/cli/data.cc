// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/data.hh"

#include <algorithm>

#include "base/error.hh"

namespace rpod::cli {

Data::Data(DataList value) : value_(ListRef{.items = std::make_shared<const DataList>(std::move(value))}) {}
Data::Data(DataMap value) : value_(MapRef{.items = std::make_shared<const DataMap>(std::move(value))}) {}
Data::Data(DataObject value) : value_(std::make_shared<const DataObject>(std::move(value))) {}

Data Data::strings(const std::vector<std::string>& values) { return DataList(values.begin(), values.end()); }

Data Data::string_map(const std::map<std::string, std::string>& values) {
    return DataMap(values.begin(), values.end());
}

Data Data::nil_list() {
    Data out = DataList{};
    std::get<ListRef>(out.value_).is_nil = true;
    return out;
}

Data Data::nil_map() {
    Data out = DataMap{};
    std::get<MapRef>(out.value_).is_nil = true;
    return out;
}

Data Data::strings_or_nil(const std::vector<std::string>& values) {
    return values.empty() ? nil_list() : strings(values);
}

Data Data::string_map_or_nil(const std::map<std::string, std::string>& values) {
    return values.empty() ? nil_map() : string_map(values);
}

const DataList* Data::list() const {
    const auto* ref = std::get_if<ListRef>(&value_);
    return ref ? ref->items.get() : nullptr;
}

const DataMap* Data::map() const {
    const auto* ref = std::get_if<MapRef>(&value_);
    return ref ? ref->items.get() : nullptr;
}

const DataObject* Data::object() const {
    const auto* ref = std::get_if<std::shared_ptr<const DataObject>>(&value_);
    return ref ? ref->get() : nullptr;
}

bool Data::truth() const { return object() || time() || !is_empty(); }

bool Data::is_empty() const {
    if (is_nil()) return true;
    if (const auto* b = boolean()) return !*b;
    if (const auto* i = integer()) return *i == 0;
    if (const auto* r = real()) return *r == 0;
    if (const auto* t = text()) return t->empty();
    if (const auto* l = list()) return l->empty();
    if (const auto* m = map()) return m->empty();
    return false;
}

std::string Data::print() const {
    if (is_nil()) return "<nil>";
    if (const auto* b = boolean()) return *b ? "true" : "false";
    if (const auto* i = integer()) return fmt::format("{}", *i);
    if (const auto* r = real()) return fmt::format("{}", *r);
    if (const auto* t = text()) return *t;
    if (const auto* t = time()) return format_go_time(*t);
    std::string out;
    const auto add = [&](const std::string& item) { out += (out.empty() ? "" : " ") + item; };
    if (const auto* l = list()) {
        for (const auto& item : *l) add(item.print());
        return "[" + out + "]";
    }
    if (const auto* m = map()) {
        for (const auto& [key, value] : *m) add(key + ":" + value.print());
        return "map[" + out + "]";
    }
    for (const auto& field : object()->fields) {
        if (field.show != DataObject::Show::templates) add(field.value.print());
    }
    return "{" + out + "}";
}

std::string Data::type_name() const {
    if (boolean()) return "bool";
    if (integer()) return "int64";
    if (real()) return "float64";
    if (text()) return "string";
    if (time()) return "time.Time";
    if (list()) return "[]interface {}";
    if (map()) return "map[string]interface {}";
    if (object()) return object()->type;
    return "nil";
}

json::Builder Data::to_json() const {
    if (const auto* b = boolean()) return json::Builder::boolean(*b);
    if (const auto* i = integer()) return json::Builder::number(*i);
    if (const auto* r = real()) return json::Builder::real(*r);
    if (const auto* t = text()) return json::Builder::string(*t);
    if (const auto* t = time()) return json::Builder::string(format_rfc3339(*t));
    if (const auto* ref = std::get_if<ListRef>(&value_); ref && !ref->is_nil) {
        auto out = json::Builder::array();
        for (const auto& item : *ref->items) out.push(item.to_json());
        return out;
    }
    if (const auto* ref = std::get_if<MapRef>(&value_); ref && !ref->is_nil) {
        auto out = json::Builder::object();
        for (const auto& [key, value] : *ref->items) out.set(key, value.to_json());
        return out;
    }
    if (!object()) return json::Builder::null();
    auto out = json::Builder::object();
    for (const auto& field : object()->fields) {
        if (field.show == DataObject::Show::templates) continue;
        if (field.show == DataObject::Show::unless_empty && field.value.is_empty()) continue;
        out.set(field.json_name, field.value.to_json());
    }
    return out;
}

DataObject& DataObject::add(std::string name, Data value, std::string json_name, Show show) {
    if (json_name.empty()) json_name = name;
    fields.push_back(Field{
        .name = std::move(name), .value = std::move(value), .json_name = std::move(json_name), .show = show});
    return *this;
}

const Data* DataObject::find(std::string_view name) const {
    const auto it =
        std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == name; });
    return it == fields.end() ? nullptr : &it->value;
}

DataObject::Method label_method(std::map<std::string, std::string> labels) {
    return [labels = std::move(labels)](const DataList& args) {
        const auto* key = args.size() == 1 ? args[0].text() : nullptr;
        if (!key) throw Error("Label wants the name of one label");
        const auto it = labels.find(*key);
        return Data(it == labels.end() ? std::string() : it->second);
    };
}

}  // namespace rpod::cli
