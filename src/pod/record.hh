// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "pod/config.hh"
#include "store/names.hh"
#include "store/paths.hh"
#include "sys/fd.hh"

/// pods/ID/ is the record of a pod: config.json, `making` (locked by whoever starts or removes it; its time
/// is that of the pod's making), `alive` (locked by its monitor while that lives; there once it was started),
/// monitor.log, shm (where the monitor, and nobody else, sees what the members share as /dev/shm). Names are
/// links in pods/names. Who belongs to a pod says the record of each container.
namespace rpod::pod {

/// Gives the config an ID, and a name where it has none; claims the name, writes the record. All or nothing.
/// @throws Error where a pod or a container has the name, in podman's words
void create_pod(const store::Paths& paths, PodConfig& config);

std::vector<std::string> pod_ids(const store::Paths& paths);
/// By name, ID or the front of an ID; nothing where there is none. @throws Error where several fit
std::optional<std::string> lookup_pod(const store::Paths& paths, const std::string& name_or_id);
/// As lookup_pod. @throws Error "no pod with name or ID …"
std::string find_pod(const store::Paths& paths, const std::string& name_or_id);
/// The ID of the pod that was made last. @throws Error where there is none
std::string latest_pod(const store::Paths& paths);

/// Its record; nothing where it is gone.
std::optional<PodConfig> find_record(const store::Paths& paths, const std::string& id);
/// @throws Error where it is gone
PodConfig read_pod(const store::Paths& paths, const std::string& id);

/// Waits until nobody else is starting or removing the pod. @throws Error where it is gone
sys::Fd lock_pod(const store::Paths& paths, const std::string& id);

/// The containers of a pod, the oldest first.
std::vector<std::string> member_ids(const store::Paths& paths, const std::string& id);

/// Takes the record of a pod without members away; its name is free then. The caller holds its lock.
void discard_pod(const store::Paths& paths, const std::string& id);

/// Removes what processes that died have left: half-made and half-removed pods.
void sweep_pods(const store::Paths& paths);

}  // namespace rpod::pod
