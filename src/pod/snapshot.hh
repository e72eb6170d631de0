// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <vector>

#include "container/snapshot.hh"
#include "pod/config.hh"
#include "store/paths.hh"

namespace rpod::pod {

/// What the records and locks of a pod and of its members say at one moment. Never waits for a lock.
struct PodSnapshot {
    std::string id;
    PodConfig config;
    container::Time created;
    std::vector<container::Snapshot> members;  ///< the oldest first
    std::string status;                        ///< "Created", "Running": podman's words
};

/// @throws Error where its record cannot be read
PodSnapshot take_pod_snapshot(const store::Paths& paths, const std::string& id);
/// All pods, the newest last. One that is removed meanwhile is left out.
std::vector<PodSnapshot> take_pod_snapshots(const store::Paths& paths);

/// The pod's status, of what its monitor (for podman an infra container) and its members do.
std::string pod_status(bool alive, bool started, const std::vector<container::Snapshot>& members);

}  // namespace rpod::pod
