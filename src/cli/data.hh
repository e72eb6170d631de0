// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.hh"
#include "base/time.hh"

namespace rpod::cli {

class Data;
using DataList = std::vector<Data>;
using DataMap = std::map<std::string, Data>;
struct DataObject;

/// What a command shows, as templates (cli/template.hh) and --format json see it: a value of Go's kinds.
/// Immutable, cheap to copy. Lists and maps may be nil, which JSON shows as null.
class Data {
  public:
    Data() = default;                                              ///< nil
    Data(bool value) : value_(value) {}                            // NOLINT(google-explicit-constructor)
    Data(int value) : value_(int64_t{value}) {}                    // NOLINT
    Data(int64_t value) : value_(value) {}                         // NOLINT
    Data(uint64_t value) : value_(static_cast<int64_t>(value)) {}  // NOLINT
    Data(double value) : value_(value) {}                          // NOLINT
    Data(std::string value) : value_(std::move(value)) {}          // NOLINT
    Data(std::string_view value) : value_(std::string(value)) {}   // NOLINT
    Data(const char* value) : value_(std::string(value)) {}        // NOLINT
    Data(Timestamp value) : value_(value) {}                       // NOLINT
    Data(DataList value);                                          // NOLINT
    Data(DataMap value);                                           // NOLINT
    Data(DataObject value);                                        // NOLINT
    static Data strings(const std::vector<std::string>& values);
    static Data string_map(const std::map<std::string, std::string>& values);
    static Data nil_list();
    static Data nil_map();
    /// nil_list() where there is none, as Go's slices are that nobody appended to.
    static Data strings_or_nil(const std::vector<std::string>& values);
    static Data string_map_or_nil(const std::map<std::string, std::string>& values);

    bool is_nil() const { return std::holds_alternative<std::monostate>(value_); }
    const bool* boolean() const { return std::get_if<bool>(&value_); }
    const int64_t* integer() const { return std::get_if<int64_t>(&value_); }
    const double* real() const { return std::get_if<double>(&value_); }
    const std::string* text() const { return std::get_if<std::string>(&value_); }
    const Timestamp* time() const { return std::get_if<Timestamp>(&value_); }
    const DataList* list() const;
    const DataMap* map() const;
    const DataObject* object() const;

    /// Go's truth of a value: not zero, not empty.
    bool truth() const;
    /// As fmt's %v prints it; nil is "<nil>".
    std::string print() const;
    /// Go's name of its type, for messages.
    std::string type_name() const;
    json::Builder to_json() const;

  private:
    struct ListRef {
        std::shared_ptr<const DataList> items;
        bool is_nil = false;
    };
    struct MapRef {
        std::shared_ptr<const DataMap> items;
        bool is_nil = false;
    };
    bool is_empty() const;
    std::variant<std::monostate, bool, int64_t, double, std::string, Timestamp, ListRef, MapRef,
                 std::shared_ptr<const DataObject>>
        value_;
};

/// A Go struct: fields in order, and methods that templates may call.
struct DataObject {
    enum class Show {
        always,
        unless_empty,  ///< Go's omitempty: JSON leaves it out where it is empty
        templates,     ///< for templates only: aliases, texts for tables
    };
    struct Field {
        std::string name;  ///< in templates
        Data value;
        std::string json_name;
        Show show;
    };
    using Method = std::function<Data(const DataList& args)>;

    std::string type;  ///< "images.imageReporter"
    std::vector<Field> fields{};
    std::map<std::string, Method> methods{};
    /// Gives the fields that are not listed; empty: there are none.
    std::function<Data(const std::string& name)> others{};

    /// json_name: the same where it is empty.
    DataObject& add(std::string name, Data value, std::string json_name = {}, Show show = Show::always);
    const Data* find(std::string_view name) const;
};

/// {{.Label "KEY"}}: the value, "" where there is none.
DataObject::Method label_method(std::map<std::string, std::string> labels);

}  // namespace rpod::cli
