// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <string>

#include "store/paths.hh"
#include "sys/rooted_dir.hh"

namespace rpod::container {

/// Runs `act` on the root file system of a container, as the root of its user namespace: owners are those
/// that the container sees, and nothing is mounted below (volumes, /proc and the like are not in it). `act`
/// runs in a process of its own, which has our descriptors and none of our other rights.
///
/// Of a container that does not run, the root is mounted for the time of it by a first process that never
/// executes anything; the container can be neither started nor removed meanwhile.
/// @throws Error, also with the message of what `act` throws
void with_container_root(const store::Paths& paths, const std::string& id,
                         const std::function<void(const sys::RootedDir& root)>& act);

/// The same with all that is mounted in it, as the container's processes see it. Where it does not run, these
/// are its volumes and the directories and files that it binds.
void with_container_files(const store::Paths& paths, const std::string& id,
                          const std::function<void(const sys::RootedDir& root)>& act);

/// The same for the container's writable layer alone (overlay/disk_format.hh), to be read; where its driver
/// keeps none apart, for its whole tree.
/// @throws Error where its root is a directory of the host
void with_container_layer(const store::Paths& paths, const std::string& id,
                          const std::function<void(const sys::RootedDir& layer)>& act);

/// The same for a volume, as the root of the session's user namespace: owners are those that containers with
/// the default ID map see.
void with_volume_root(const store::Paths& paths, const std::string& name,
                      const std::function<void(const sys::RootedDir& root)>& act);

/// Runs `act` as the root of the session's user namespace, outside any container: the caller's files belong
/// to root, and those of the caller's subordinate IDs are in reach.
void with_session_ids(const store::Paths& paths, const std::function<void()>& act);

}  // namespace rpod::container
