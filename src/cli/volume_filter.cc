// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "base/error.hh"
#include "base/strings.hh"
#include "cli/container_view.hh"
#include "cli/filter_values.hh"
#include "cli/volumes.hh"

namespace rpod::cli {
namespace {

using container::Volume;
using Test = FilterTests<Volume>::Test;

Test make_test(const std::string& key, const std::string& value, const store::Paths& paths,
               const VolumeUsers& users) {
    if (key == "name") {
        const Pattern pattern(value);
        return [pattern](const Volume& v) { return pattern.matches(v.name); };
    }
    if (key == "label") return [value](const Volume& v) { return has_label(v.labels, value); };
    if (key == "label!") return [value](const Volume& v) { return !has_label(v.labels, value); };
    if (key == "opt") return [value](const Volume& v) { return has_label(v.options, value); };
    // All volumes are local.
    if (key == "driver" || key == "scope") return [value](const Volume&) { return value == "local"; };
    if (key == "anonymous") {
        return [wanted = parse_bool_value(value, key)](const Volume& v) { return v.anonymous == wanted; };
    }
    if (key == "dangling") {
        return [wanted = parse_bool_value(value, key), &users](const Volume& v) {
            return users.contains(v.name) != wanted;
        };
    }
    if (key == "until") {
        return [limit = parse_moment(value)](const Volume& v) { return timestamp(v.created) < limit; };
    }
    if (key == "since" || key == "after") {
        const auto other = container::find_volume(paths, value);
        if (!other) throw Error("no volume with name \"{}\" found: no such volume", printable(value));
        return [limit = other->created](const Volume& v) { return v.created > limit; };
    }
    throw Error("\"{}\" is an invalid volume filter", printable(key));
}

}  // namespace

VolumeFilter::VolumeFilter(const std::vector<std::string>& filters, const store::Paths& paths,
                           const VolumeUsers& users) {
    for (const auto& filter : filters) {
        const auto [key, value] = parse_filter(filter);
        tests_.add_all(make_test(key, value, paths, users));
    }
}

}  // namespace rpod::cli
