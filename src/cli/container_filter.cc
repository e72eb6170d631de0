// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/container_filter.hh"

#include <regex.h>

#include <algorithm>
#include <memory>
#include <variant>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/filter_values.hh"
#include "container/network_store.hh"
#include "container/restart_policy.hh"

namespace rpod::cli {
namespace {

using container::Snapshot;

/// By name or the front of the ID.
const Snapshot& find(const std::vector<Snapshot>& all, const std::string& name) {
    const auto it = std::find_if(all.begin(), all.end(), [&](const Snapshot& s) {
        return s.config.name == name || s.id.starts_with(name);
    });
    if (name.empty() || it == all.end()) {
        throw Error("no container with name or ID \"{}\" found: no such container", printable(name));
    }
    return *it;
}

bool has_volume(const Snapshot& s, const std::string& value, const image::Image* image) {
    for (const auto& mount : s.config.mounts) {
        const auto* volume = std::get_if<container::VolumeMount>(&mount);
        const auto* bind = std::get_if<container::BindMount>(&mount);
        if ((volume && volume->name == value) || (bind && bind->source == value)) return true;
    }
    const auto points = mount_points(s.config, image);
    return std::find(points.begin(), points.end(), value) != points.end();
}

bool comes_from(const Snapshot& s, const std::string& value, ContainerImages& images) {
    const std::string id = value.starts_with("sha256:") ? value.substr(7) : value;
    if (!id.empty() && s.config.image_id.starts_with(id)) return true;
    const auto name = images.name(s.config);
    const auto untagged = name.substr(0, name.rfind(':'));
    return name == value || untagged == value || name.ends_with("/" + value) ||
           untagged.ends_with("/" + value);
}

void require_status(const std::string& value) {
    constexpr std::array kKnown{"created", "initialized", "running",  "stopped", "stopping",
                                "exited",  "paused",      "removing", "unknown", "configured"};
    if (std::find(kKnown.begin(), kKnown.end(), value) == kKnown.end())
        throw Error("{} is not a valid container state", printable(value));
}

bool has_status(const Snapshot& s, const std::string& value) {
    if (value == "configured") return s.status == "created";
    return s.status == (value == "stopped" ? "exited" : value);
}

using Test = FilterTests<Snapshot>::Test;

Test make_test(const std::string& key, const std::string& value, const std::vector<Snapshot>& all,
               ContainerImages& images, PodTable& pods) {
    if (key == "id") return [value](const Snapshot& s) { return s.id.starts_with(value); };
    if (key == "name") {
        const Pattern pattern(value);
        return [pattern](const Snapshot& s) { return pattern.matches(s.config.name); };
    }
    if (key == "label") return [value](const Snapshot& s) { return has_label(s.config.labels, value); };
    if (key == "label!") return [value](const Snapshot& s) { return !has_label(s.config.labels, value); };
    if (key == "exited") {
        const auto code = parse_int(value);
        if (!code) throw Error("exited code out of range: \"{}\"", printable(value));
        return [code](const Snapshot& s) { return s.status == "exited" && s.exit_code() == *code; };
    }
    if (key == "status") {
        require_status(value);
        return [value](const Snapshot& s) { return has_status(s, value); };
    }
    if (key == "ancestor") {
        return [value, &images](const Snapshot& s) { return comes_from(s, value, images); };
    }
    if (key == "before") {
        const auto limit = find(all, value).created;
        return [limit](const Snapshot& s) { return s.created < limit; };
    }
    if (key == "since") {
        const auto limit = find(all, value).created;
        return [limit](const Snapshot& s) { return s.created > limit; };
    }
    if (key == "until") {
        const auto limit = parse_moment(value);
        return [limit](const Snapshot& s) { return timestamp(s.created) < limit; };
    }
    if (key == "volume") {
        return [value, &images](const Snapshot& s) { return has_volume(s, value, images.find(s.config)); };
    }
    if (key == "command") {
        const Pattern pattern(value);
        return [pattern, &images](const Snapshot& s) {
            return pattern.matches(join(shown_command(s.config, images.find(s.config)), " "));
        };
    }
    if (key == "network") {
        return [value, &pods](const Snapshot& s) {
            // A member of a pod is on the pod's networks.
            const auto* pod = pods.find(s.config);
            const auto& names = pod ? pod->base.network.networks : s.config.network.networks;
            return std::any_of(names.begin(), names.end(), [&](const std::string& text) {
                return container::network_name(text) == container::network_name(value);
            });
        };
    }
    if (key == "pod") {
        return [value, &pods](const Snapshot& s) {
            const auto* pod = pods.find(s.config);
            return pod && !value.empty() && (pod->base.name == value || pod->base.id.starts_with(value));
        };
    }
    if (key == "restart-policy") {
        return [value](const Snapshot& s) { return container::policy_name(s.config.restart) == value; };
    }
    if (key == "health") {
        return [value](const Snapshot& s) {
            return s.health && s.is_running() && container::health_name(s.health->status) == value;
        };
    }
    throw Error("\"{}\" is an invalid filter", printable(key));
}

}  // namespace

ContainerFilter::ContainerFilter(const std::vector<std::string>& filters, const std::vector<Snapshot>& all,
                                 ContainerImages& images, PodTable& pods) {
    for (const auto& filter : filters) {
        const auto parts = split(filter, '=', 2);
        if (parts.size() != 2) {
            throw Error("invalid argument \"{}\" for \"-f, --filter\" flag: filter must be KEY=VALUE",
                        printable(filter));
        }
        const std::string key(parts[0]);
        auto test = make_test(key, std::string(parts[1]), all, images, pods);
        tests_.add(key, std::move(test));
    }
}

}  // namespace rpod::cli
