// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/resources.hh"

#include <functional>
#include <map>
#include <string_view>

#include "base/error.hh"
#include "base/json.hh"
#include "base/strings.hh"

namespace rpod::runtime {
namespace {

using json::Value;

bool is_empty(const Value& v) {
    return v.is_null() || (v.is_object() && v.members().empty()) || (v.is_array() && v.elements().empty()) ||
           (v.is_string() && v.as_string().empty());
}
/// -1 is how the specification says "unlimited".
bool is_unlimited(const Value& v) { return v.is_number() && v.as_int() < 0; }
bool is_unlimited_or_zero(const Value& v) { return v.is_number() && v.as_int() <= 0; }
bool is_zero(const Value& v) { return v.is_number() && v.as_int() == 0; }
bool is_false(const Value& v) { return v.is_bool() && !v.as_bool(); }
/// Says how others are applied.
bool is_about_others(const Value& v) { return v.is_bool() || v.is_number(); }

/// For each member that the specification defines: whether a value of it asks for nothing.
using Harmless = std::function<bool(const Value&)>;
using Members = std::map<std::string_view, Harmless>;

const Members& members_of(std::string_view controller) {
    static const std::map<std::string_view, Members> all{
        {"memory",
         {{"limit", is_unlimited},
          {"reservation", is_unlimited},
          {"swap", is_unlimited},
          {"kernel", is_unlimited},
          {"kernelTCP", is_unlimited},
          {"disableOOMKiller", is_false},
          {"useHierarchy", is_about_others},
          {"checkBeforeUpdate", is_about_others}}},
        {"cpu",
         {{"shares", is_zero},
          {"quota", is_unlimited_or_zero},
          {"burst", is_zero},
          {"period", is_about_others},
          {"realtimeRuntime", is_zero},
          {"realtimePeriod", is_about_others},
          {"idle", is_zero}}},
        {"pids", {{"limit", is_unlimited_or_zero}}},
        {"blockIO", {{"weight", is_zero}, {"leafWeight", is_zero}}},
        {"network", {}},
    };
    static const Members none;
    const auto found = all.find(controller);
    return found == all.end() ? none : found->second;
}

/// Nodes that are in a container are those that its spec names: nothing else is there to be allowed or
/// denied, and none can be made in a user namespace.
void check_device_rule(const Value& rule) {
    const auto type = rule.string_or("type", "a");
    if (type != "a" && type != "b" && type != "c")
        throw Error("{}.type: there is no device type '{}'", rule.path(), printable(type));
    const auto access = rule.string_or("access");
    if (access.find_first_not_of("rwm") != std::string::npos)
        throw Error("{}.access: '{}' is not of r, w and m", rule.path(), printable(access));
    const auto any = [&](const char* key) {
        const auto number = rule.find(key);
        return !number || number->as_int() < 0;
    };
    if (rule.at("allow").as_bool() || (type == "a" && any("major") && any("minor"))) return;
    throw Error("{}: no cgroup is made for a bundle that could keep it from a device", rule.path());
}

void check_unified(const Value& unified) {
    for (const auto& [file, value] : unified.members()) {
        if (value.as_string() != "max")
            throw Error("{}: no cgroup is made for a bundle that could limit it", value.path());
    }
}

void check_controller(const std::string& name, const Value& controller) {
    const auto& known = members_of(name);
    for (const auto& [key, value] : controller.members()) {
        if (is_empty(value)) continue;
        const auto found = known.find(key);
        if (found != known.end() && found->second(value)) continue;
        throw Error("{}: no cgroup is made for a bundle that could limit it", value.path());
    }
}

}  // namespace

void require_no_limits(const std::string& text, const std::string& where) {
    if (text.empty()) return;
    for (const auto& [name, value] : Value::parse(text, where).members()) {
        if (is_empty(value)) continue;
        if (name == "devices") {
            for (const auto& rule : value.elements()) check_device_rule(rule);
        } else if (name == "unified") {
            check_unified(value);
        } else if (value.is_object()) {
            check_controller(name, value);
        } else {
            throw Error("{}: no cgroup is made for a bundle that could limit it", value.path());
        }
    }
}

}  // namespace rpod::runtime
