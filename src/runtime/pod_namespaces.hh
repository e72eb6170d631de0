// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <map>
#include <set>
#include <string>

#include "oci/runtime_spec.hh"
#include "runtime/plan.hh"
#include "runtime/servers.hh"
#include "runtime/sync.hh"
#include "sys/fd.hh"
#include "userns/pod_map.hh"

namespace rpod::runtime {

/// What the members of a pod share, beside the user namespace, which they always do.
struct PodNamespacesPlan {
    userns::MapRequest id_map;
    std::set<oci::NamespaceType> shared;  ///< of network, ipc, uts, pid, cgroup
    std::string hostname;                 ///< uts
    NetworkPlan network;                  ///< network: slirp or loopback
};

/// The namespaces of a pod, made by a process that ends again: descriptors keep them. With a PID namespace
/// that process stays, as its PID 1, and reaps what the members leave behind.
///
/// Belongs to the pod's monitor, the root of the session user namespace.
class PodNamespaces {
  public:
    /// @param plan  stays where it is as long as this object lives
    /// @throws Error when any part of it fails; nothing is left running then
    explicit PodNamespaces(PodNamespacesPlan& plan);

    /// Paths by which this process, and nobody else, finds them.
    std::map<oci::NamespaceType, std::string> paths() const;
    Servers& servers() { return servers_; }
    /// A child of this process has ended and was waited for. @return whether it was one of ours
    bool take_child(pid_t pid, sys::ExitStatus status);
    /// The pod's PID 1 is gone, and with it every process of the members that shared it.
    bool pid_namespace_ended() const { return ended_; }

  private:
    void open_namespaces(pid_t host_pid);
    void follow(const LaunchSync& sync);

    PodNamespacesPlan& plan_;
    std::map<oci::NamespaceType, sys::Fd> namespaces_;
    Servers servers_;
    pid_t reaper_ = -1;
    bool ended_ = false;
};

}  // namespace rpod::runtime
