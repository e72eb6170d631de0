// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "container/attach.hh"
#include "container/plan.hh"
#include "pod/config.hh"
#include "runtime/pod_namespaces.hh"
#include "store/paths.hh"

/// The monitor of a pod, `rpod:monitor` in ps: one process and one poll loop for all of its containers. It
/// lives as that of a lone container does (container/monitor.hh), with these differences:
///
///   It holds the pod's namespaces, which it makes first, and the one rpod:net. Containers are launched into
///   them one by one, when a client asks by the socket `control` in the pod's runtime directory (AttachKind::
///   member, with the socket over which that client starts and attaches the container). From then on each
///   member has a socket and records of its own, as a lone container has, and its end is its own, too. The
///   pod lives on without members, unless its exit policy says otherwise. Its lock is `alive` in pods/ID;
///   that of each member is held as well, until nothing of the member is left.
namespace rpod::pod {

struct PodJob {
    store::Paths paths;
    PodConfig config;
    container::Origin origin;  ///< who started the pod
    /// The network's listeners are the monitor's from the fork on.
    runtime::PodNamespacesPlan namespaces;
    std::string hosts_file, resolv_conf_file;  ///< of the shared network; empty: leave those of the images
};

/// The body of the monitor's process. @param client  is told that the pod runs (created), or why it does not
int run_pod_monitor(PodJob& job, container::MonitorEnd client, int holder_fd);

/// What AttachKind::member says.
struct MemberRequest {
    std::string id;
    bool attached = true;
    bool waits = false;
    uint16_t rows = 0, columns = 0;  ///< of the client's terminal; 0: it has none
    /// Namespaces of containers outside the pod, which the client has found.
    std::map<oci::NamespaceType, std::string> foreign{};
    std::string shared_shm, shared_mqueue;
};
std::string to_json(const MemberRequest& request);
/// @throws Error
MemberRequest member_request_from_json(std::string_view text);

}  // namespace rpod::pod
