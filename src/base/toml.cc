// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "base/toml.hh"

#include <stdexcept>

namespace rpod {

/// toml++ asserts what a text can make false ("[.a]"), and without assertions takes it for true: an error
/// like any other.
constexpr void require_sense(bool holds) {
    if (!holds) throw std::invalid_argument("it makes no sense");
}

}  // namespace rpod

#undef NDEBUG
#define TOML_ASSERT(expr) rpod::require_sense(static_cast<bool>(expr))
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>
#include <sstream>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod {
namespace {

json::Builder convert(const toml::node& node);

json::Builder convert_table(const toml::table& table) {
    auto out = json::Builder::object();
    for (const auto& [key, value] : table) out.set(key.str(), convert(value));
    return out;
}

json::Builder convert_array(const toml::array& array) {
    auto out = json::Builder::array();
    for (const auto& value : array) out.push(convert(value));
    return out;
}

template <class Date>
json::Builder convert_date(const Date& date) {
    std::ostringstream text;
    text << date;
    return json::Builder::string(text.str());
}

json::Builder convert(const toml::node& node) {
    if (const auto* table = node.as_table()) return convert_table(*table);
    if (const auto* array = node.as_array()) return convert_array(*array);
    if (const auto* text = node.as_string()) return json::Builder::string(text->get());
    if (const auto* integer = node.as_integer()) return json::Builder::number(integer->get());
    if (const auto* real = node.as_floating_point()) return json::Builder::real(real->get());
    if (const auto* boolean = node.as_boolean()) return json::Builder::boolean(boolean->get());
    if (const auto* date = node.as_date()) return convert_date(date->get());
    if (const auto* time = node.as_time()) return convert_date(time->get());
    if (const auto* both = node.as_date_time()) return convert_date(both->get());
    return json::Builder::null();
}

}  // namespace

json::Value parse_toml(std::string_view text, const std::string& what) {
    try {
        return json::Value::parse(convert_table(toml::parse(text, what)).dump(), what);
    } catch (const toml::parse_error& e) {
        throw Error("{}: line {}, column {}: {}", what, e.source().begin.line, e.source().begin.column,
                    printable(e.description()));
    } catch (const std::invalid_argument& e) {
        throw Error("{}: it is not TOML: {}", what, e.what());
    }
}

unsigned toml_line(std::string_view text, std::string_view key) {
    const auto root = toml::parse(text);
    const toml::node* node = &root;
    for (const auto part : split(key, '.')) {
        const auto* table = node->as_table();
        node = table ? table->get(part) : nullptr;
        if (!node) return 0;
    }
    return node->source().begin.line;
}

}  // namespace rpod
