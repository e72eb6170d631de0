// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// JSON text in, plain structs out, and back. Every Value knows the path that leads to it, so that an error
/// can say "manifest: layers[2].size: expected a number". Parsing is bounded in size and depth; it is meant
/// for hostile text.
namespace rpod::json {

struct Limits {
    size_t max_bytes = 4 << 20;
    int max_depth = 64;
};

/// A part of a parsed document (read side). Cheap to copy; shares the document.
class Value {
  public:
    /// @param what  names the document in errors: "manifest", "config.json of container 'web'"
    /// @throws Error for text that is not JSON (RFC 8259), too large or too deep, or has a key twice in one
    /// object
    static Value parse(std::string_view text, std::string what, Limits limits = {});

    bool is_object() const;
    bool is_array() const;
    bool is_string() const;
    bool is_number() const;
    bool is_bool() const;
    bool is_null() const;

    /// The member `key`, nothing where it is absent or null. @throws Error where this is not an object
    std::optional<Value> find(std::string_view key) const;
    /// @throws Error where it is absent or null
    Value at(std::string_view key) const;

    /// Typed access. @throws Error that names the path and what was expected
    std::string as_string() const;
    bool as_bool() const;
    int64_t as_int(int64_t min = INT64_MIN, int64_t max = INT64_MAX) const;
    uint64_t as_uint(uint64_t max = UINT64_MAX) const;
    double as_double() const;
    std::vector<Value> elements() const;                         ///< of an array
    size_t count() const;                                        ///< how many elements an array has
    std::vector<std::pair<std::string, Value>> members() const;  ///< of an object, in the order of the text
    std::vector<std::string> as_strings() const;                 ///< an array of strings
    std::map<std::string, std::string> as_string_map() const;    ///< an object whose members are strings

    /// Members that may be absent or null: the default then.
    std::string string_or(std::string_view key, std::string fallback = {}) const;
    int64_t int_or(std::string_view key, int64_t fallback) const;
    bool bool_or(std::string_view key, bool fallback) const;
    std::vector<std::string> strings_or_empty(std::string_view key) const;
    std::map<std::string, std::string> string_map_or_empty(std::string_view key) const;

    /// This part as compact text.
    std::string dump() const;
    /// Where this is: "manifest: layers[2].size".
    const std::string& path() const { return path_; }

  private:
    friend class Builder;
    struct Node;
    Value(std::shared_ptr<const Node> document, const void* node, std::string path);
    [[noreturn]] void fail(std::string_view expected) const;
    std::shared_ptr<const Node> document_;
    const void* node_;
    std::string path_;
};

/// A document being made (write side); members keep the order in which they were set.
class Builder {
  public:
    static Builder object();
    static Builder array();
    static Builder string(std::string_view value);
    static Builder boolean(bool value);
    static Builder number(int64_t value);
    static Builder real(double value);
    static Builder null();
    static Builder of(const std::vector<std::string>& values);
    static Builder of(const std::map<std::string, std::string>& values);
    static Builder of(const Value& value);
    Builder(const Builder&);
    Builder(Builder&&) noexcept;
    Builder& operator=(Builder) noexcept;
    ~Builder();

    Builder& set(std::string_view key, std::string_view value);
    Builder& set(std::string_view key, const char* value) { return set(key, std::string_view(value)); }
    Builder& set(std::string_view key, const std::string& value) { return set(key, std::string_view(value)); }
    Builder& set(std::string_view key, bool value);
    Builder& set(std::string_view key, int value) { return set(key, static_cast<int64_t>(value)); }
    Builder& set(std::string_view key, unsigned value) { return set(key, static_cast<uint64_t>(value)); }
    Builder& set(std::string_view key, int64_t value);
    Builder& set(std::string_view key, uint64_t value);
    Builder& set(std::string_view key, double value);
    Builder& set(std::string_view key, Builder value);
    Builder& set_null(std::string_view key);
    Builder& push(std::string_view value);
    Builder& push(uint64_t value);
    Builder& push(Builder value);
    bool empty() const;

    /// Compact for indent < 0. Bytes that are not UTF-8 come out as U+FFFD: JSON cannot carry them.
    std::string dump(int indent = -1) const;

  private:
    struct Node;
    explicit Builder(std::unique_ptr<Node> node);
    std::unique_ptr<Node> node_;
};

}  // namespace rpod::json
