// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/event_filter.hh"

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/filter_values.hh"

namespace rpod::cli {
namespace {

using store::Event;
using Test = FilterTests<Event>::Test;

/// By name, or by the front of the ID.
Test about(const std::string& type, const std::string& which) {
    return [type, which](const Event& e) {
        return e.type == type && (e.name == which || (!which.empty() && e.id.starts_with(which)));
    };
}

/// Scripts written for docker use its words.
std::string podman_status(const std::string& status) {
    if (status == "die") return "died";
    if (status == "destroy") return "remove";
    return status;
}

Test make_test(const std::string& key, const std::string& value) {
    if (key == "container" || key == "image" || key == "pod" || key == "volume") return about(key, value);
    if (key == "event") return [status = podman_status(value)](const Event& e) { return e.status == status; };
    if (key == "type") return [value](const Event& e) { return e.type == value; };
    if (key == "label") return [value](const Event& e) { return has_label(e.attributes, value); };
    throw Error("\"{}\" is an invalid filter", printable(key));
}

}  // namespace

EventFilter::EventFilter(const std::vector<std::string>& filters) {
    for (const auto& filter : filters) {
        auto [key, value] = parse_filter(filter);
        if (key == "status") key = "event";
        tests_.add_any(key, make_test(key, value));
    }
}

}  // namespace rpod::cli
