// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "container/config.hh"
#include "oci/runtime_spec.hh"

namespace rpod::pod {

/// When the pod ends.
enum class ExitPolicy {
    keep,  ///< "continue": not by itself
    stop   ///< when its last container has ended
};

/// What was asked of a pod. Written once as pods/ID/config.json.
struct PodConfig {
    /// In the terms of a container: id, name and labels are the pod's own; network, ports, host name, user
    /// namespace and shm_size are those of the namespaces that its members share; mounts, devices and restart
    /// policy are given to each member.
    container::ContainerConfig base;
    /// Of network, ipc, uts, pid, cgroup. The user namespace is always shared.
    std::set<oci::NamespaceType> shared;
    ExitPolicy exit_policy = ExitPolicy::keep;
    bool operator==(const PodConfig&) const = default;
};

/// The ports of a member: the pod's where it shares the pod's network. @param pod  null: it is in none
const std::vector<net::PortMapping>& ports_of(const container::ContainerConfig& member, const PodConfig* pod);
/// The host name that its members see where they share UTS.
std::string pod_hostname(const PodConfig& config);

/// config.json: {"version":1,"shared":["net","ipc","uts"],"exit_policy":"continue","base":{…}}, where
/// base is in the format of a container's record.
std::string to_json(const PodConfig& config);
/// @param what  names the record in errors
/// @throws Error that names the member
PodConfig config_from_json(std::string_view text, const std::string& what);

/// --share: names separated by commas, of net, ipc, uts, pid, cgroup, user and none; "+x" and "-x" change the
/// default (net, ipc, uts). @throws Error
std::set<oci::NamespaceType> parse_share(std::string_view text);
/// As --share and inspect name it: "net".
std::string_view share_name(oci::NamespaceType type);
/// "continue", "stop". @throws Error
ExitPolicy parse_exit_policy(std::string_view text);
std::string_view exit_policy_name(ExitPolicy policy);

}  // namespace rpod::pod
