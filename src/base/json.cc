// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "base/json.hh"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hh"

namespace rpod::json {

using Json = nlohmann::ordered_json;

struct Value::Node {
    Json json;
};
struct Builder::Node {
    Json json;
};

namespace {

const Json& node_of(const void* node) { return *static_cast<const Json*>(node); }

/// Builds the document while it counts depth and sees each key twice: nlohmann's own parser would recurse
/// without a bound in the destructor and keep the last of two equal keys, so that two readers could see two
/// documents.
class BoundedSax : public nlohmann::detail::json_sax_dom_parser<Json> {
    using Base = nlohmann::detail::json_sax_dom_parser<Json>;

  public:
    BoundedSax(Json& root, int max_depth) : Base(root, false), max_depth_(max_depth) {}

    bool start_object(std::size_t n) {
        keys_.emplace_back();
        return enter() && Base::start_object(n);
    }
    bool end_object() {
        keys_.pop_back();
        --depth_;
        return Base::end_object();
    }
    bool start_array(std::size_t n) { return enter() && Base::start_array(n); }
    bool end_array() {
        --depth_;
        return Base::end_array();
    }
    bool key(std::string& k) {
        if (!keys_.back().insert(k).second) {
            problem = fmt::format("key '{}' appears twice in one object", k);
            return false;
        }
        return Base::key(k);
    }
    template <class Exception>
    bool parse_error(std::size_t position, const std::string& token, const Exception& e) {
        problem = fmt::format("not JSON: unexpected text at byte {}", position);
        return Base::parse_error(position, token, e);
    }
    std::string problem;

  private:
    bool enter() {
        if (++depth_ <= max_depth_) return true;
        problem = fmt::format("nested deeper than {} levels", max_depth_);
        return false;
    }
    int max_depth_;
    int depth_ = 0;
    std::vector<std::set<std::string>> keys_;
};

}  // namespace

Value::Value(std::shared_ptr<const Node> document, const void* node, std::string path)
    : document_(std::move(document)), node_(node), path_(std::move(path)) {}

Value Value::parse(std::string_view text, std::string what, Limits limits) {
    if (text.size() > limits.max_bytes) {
        throw Error("{}: {} bytes are more than the {} allowed", what, text.size(), limits.max_bytes);
    }
    auto document = std::make_shared<Node>();
    BoundedSax sax(document->json, limits.max_depth);
    if (!Json::sax_parse(text, &sax) || !sax.problem.empty()) {
        throw Error("{}: {}", what, sax.problem.empty() ? "not JSON" : sax.problem);
    }
    const void* root = &document->json;
    return Value(std::move(document), root, std::move(what));
}

bool Value::is_object() const { return node_of(node_).is_object(); }
bool Value::is_array() const { return node_of(node_).is_array(); }
bool Value::is_string() const { return node_of(node_).is_string(); }
bool Value::is_number() const { return node_of(node_).is_number(); }
bool Value::is_bool() const { return node_of(node_).is_boolean(); }
bool Value::is_null() const { return node_of(node_).is_null(); }

void Value::fail(std::string_view expected) const { throw Error("{}: expected {}", path_, expected); }

std::optional<Value> Value::find(std::string_view key) const {
    const Json& json = node_of(node_);
    if (!json.is_object()) fail("an object");
    const auto it = json.find(std::string(key));
    if (it == json.end() || it->is_null()) return std::nullopt;
    const bool top = path_.find(": ") == std::string::npos && document_ && node_ == &document_->json;
    return Value(document_, &*it, fmt::format("{}{}{}", path_, top ? ": " : ".", key));
}

Value Value::at(std::string_view key) const {
    auto found = find(key);
    if (!found) throw Error("{}: '{}' is missing", path_, key);
    return *std::move(found);
}

std::string Value::as_string() const {
    if (!is_string()) fail("a string");
    return node_of(node_).get<std::string>();
}

bool Value::as_bool() const {
    if (!is_bool()) fail("true or false");
    return node_of(node_).get<bool>();
}

int64_t Value::as_int(int64_t min, int64_t max) const {
    const Json& json = node_of(node_);
    if (!json.is_number_integer()) fail("a whole number");
    if (json.is_number_unsigned() && json.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) {
        fail("a smaller number");
    }
    const auto value = json.get<int64_t>();
    if (value < min || value > max) fail(fmt::format("a number from {} to {}", min, max));
    return value;
}

uint64_t Value::as_uint(uint64_t max) const {
    const Json& json = node_of(node_);
    if (!json.is_number_unsigned()) fail("a whole number that is not negative");
    const auto value = json.get<uint64_t>();
    if (value > max) fail(fmt::format("a number up to {}", max));
    return value;
}

double Value::as_double() const {
    if (!is_number()) fail("a number");
    return node_of(node_).get<double>();
}

std::vector<Value> Value::elements() const {
    if (!is_array()) fail("an array");
    const Json& json = node_of(node_);
    const bool top = node_ == &document_->json;
    std::vector<Value> out;
    out.reserve(json.size());
    for (size_t i = 0; i < json.size(); ++i) {
        out.push_back(Value(document_, &json[i], fmt::format("{}{}[{}]", path_, top ? ": " : "", i)));
    }
    return out;
}

size_t Value::count() const {
    if (!is_array()) fail("an array");
    return node_of(node_).size();
}

std::vector<std::pair<std::string, Value>> Value::members() const {
    if (!is_object()) fail("an object");
    std::vector<std::pair<std::string, Value>> out;
    const Json& json = node_of(node_);
    const bool top = node_ == &document_->json;
    for (const auto& [key, member] : json.items()) {
        out.emplace_back(key, Value(document_, &member, fmt::format("{}{}{}", path_, top ? ": " : ".", key)));
    }
    return out;
}

std::vector<std::string> Value::as_strings() const {
    std::vector<std::string> out;
    for (const auto& element : elements()) out.push_back(element.as_string());
    return out;
}

std::map<std::string, std::string> Value::as_string_map() const {
    std::map<std::string, std::string> out;
    for (const auto& [key, member] : members()) out.emplace(key, member.as_string());
    return out;
}

std::string Value::string_or(std::string_view key, std::string fallback) const {
    const auto found = find(key);
    return found ? found->as_string() : std::move(fallback);
}
int64_t Value::int_or(std::string_view key, int64_t fallback) const {
    const auto found = find(key);
    return found ? found->as_int() : fallback;
}
bool Value::bool_or(std::string_view key, bool fallback) const {
    const auto found = find(key);
    return found ? found->as_bool() : fallback;
}
std::vector<std::string> Value::strings_or_empty(std::string_view key) const {
    const auto found = find(key);
    return found ? found->as_strings() : std::vector<std::string>{};
}
std::map<std::string, std::string> Value::string_map_or_empty(std::string_view key) const {
    const auto found = find(key);
    return found ? found->as_string_map() : std::map<std::string, std::string>{};
}

std::string Value::dump() const {
    return node_of(node_).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Builder::Builder(std::unique_ptr<Node> node) : node_(std::move(node)) {}
Builder::Builder(const Builder& other) : node_(std::make_unique<Node>(*other.node_)) {}
Builder::Builder(Builder&&) noexcept = default;
Builder& Builder::operator=(Builder other) noexcept {
    node_.swap(other.node_);
    return *this;
}
Builder::~Builder() = default;

Builder Builder::object() { return Builder(std::unique_ptr<Node>(new Node{Json::object()})); }
Builder Builder::array() { return Builder(std::unique_ptr<Node>(new Node{Json::array()})); }
Builder Builder::string(std::string_view value) {
    return Builder(std::unique_ptr<Node>(new Node{Json(std::string(value))}));
}
Builder Builder::boolean(bool value) { return Builder(std::unique_ptr<Node>(new Node{Json(value)})); }
Builder Builder::number(int64_t value) { return Builder(std::unique_ptr<Node>(new Node{Json(value)})); }
Builder Builder::real(double value) { return Builder(std::unique_ptr<Node>(new Node{Json(value)})); }
Builder Builder::null() { return Builder(std::unique_ptr<Node>(new Node{Json(nullptr)})); }
Builder Builder::of(const std::vector<std::string>& values) {
    auto b = array();
    for (const auto& v : values) b.push(v);
    return b;
}
Builder Builder::of(const std::map<std::string, std::string>& values) {
    auto b = object();
    for (const auto& [k, v] : values) b.set(k, v);
    return b;
}
Builder Builder::of(const Value& value) {
    return Builder(std::unique_ptr<Node>(new Node{node_of(value.node_)}));
}

Builder& Builder::set(std::string_view key, std::string_view value) {
    node_->json[std::string(key)] = std::string(value);
    return *this;
}
Builder& Builder::set(std::string_view key, bool value) {
    node_->json[std::string(key)] = value;
    return *this;
}
Builder& Builder::set(std::string_view key, int64_t value) {
    node_->json[std::string(key)] = value;
    return *this;
}
Builder& Builder::set(std::string_view key, uint64_t value) {
    node_->json[std::string(key)] = value;
    return *this;
}
Builder& Builder::set(std::string_view key, double value) {
    node_->json[std::string(key)] = value;
    return *this;
}
Builder& Builder::set(std::string_view key, Builder value) {
    node_->json[std::string(key)] = std::move(value.node_->json);
    return *this;
}
Builder& Builder::set_null(std::string_view key) {
    node_->json[std::string(key)] = nullptr;
    return *this;
}
Builder& Builder::push(std::string_view value) {
    node_->json.push_back(std::string(value));
    return *this;
}
Builder& Builder::push(uint64_t value) {
    node_->json.push_back(value);
    return *this;
}
Builder& Builder::push(Builder value) {
    node_->json.push_back(std::move(value.node_->json));
    return *this;
}
bool Builder::empty() const { return node_->json.empty(); }

std::string Builder::dump(int indent) const {
    return node_->json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace rpod::json
