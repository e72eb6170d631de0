// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/container_view.hh"
#include "cli/filter_values.hh"
#include "cli/pods.hh"

namespace rpod::cli {

using container::Snapshot;
using pod::PodSnapshot;

namespace {

using Test = FilterTests<PodSnapshot>::Test;

Test make_test(const std::string& key, const std::string& value) {
    const auto any_member = [](auto test) {
        return [test](const PodSnapshot& p) { return std::any_of(p.members.begin(), p.members.end(), test); };
    };
    if (key == "id") return [value](const PodSnapshot& p) { return p.id.starts_with(value); };
    if (key == "name") {
        const Pattern pattern(value);
        return [pattern](const PodSnapshot& p) { return pattern.matches(p.config.base.name); };
    }
    if (key == "label")
        return [value](const PodSnapshot& p) { return has_label(p.config.base.labels, value); };
    if (key == "label!")
        return [value](const PodSnapshot& p) { return !has_label(p.config.base.labels, value); };
    if (key == "status")
        return [value](const PodSnapshot& p) { return to_lower(p.status) == to_lower(value); };
    if (key == "ctr-ids") return any_member([value](const Snapshot& s) { return s.id.starts_with(value); });
    if (key == "ctr-names") {
        const Pattern pattern(value);
        return any_member([pattern](const Snapshot& s) { return pattern.matches(s.config.name); });
    }
    if (key == "ctr-status") return any_member([value](const Snapshot& s) { return s.status == value; });
    if (key == "ctr-number") {
        const auto number = parse_uint(value);
        if (!number) throw Error("filter ctr-number: '{}' is not a number", printable(value));
        return [number](const PodSnapshot& p) { return p.members.size() == *number; };
    }
    if (key == "network") {
        return [value](const PodSnapshot& p) {
            const auto& names = p.config.base.network.networks;
            return std::any_of(names.begin(), names.end(), [&](const std::string& text) {
                return text.substr(0, text.find(':')) == value;
            });
        };
    }
    if (key == "until")
        return [limit = parse_moment(value)](const PodSnapshot& p) { return timestamp(p.created) < limit; };
    throw Error("\"{}\" is an invalid pod filter", printable(key));
}

}  // namespace

PodFilter::PodFilter(const std::vector<std::string>& filters) {
    for (const auto& filter : filters) {
        const auto [key, value] = parse_filter(filter);
        tests_.add(key, make_test(key, value));
    }
}

}  // namespace rpod::cli
