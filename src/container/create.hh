// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <string>

#include "container/config.hh"
#include "store/names.hh"
#include "store/paths.hh"
#include "sys/fd.hh"

namespace rpod::container {

/// A container's record and directory, claimed and complete but never started.
struct Created {
    std::string id;
    std::string name;
    std::filesystem::path
        directory;  ///< containers/ID, mode 0711: a container's root that is another ID passes through
    /// Locked while its maker has not handed it to a monitor: until then nobody takes it for a dead one.
    /// Dropped with this.
    sys::Fd making;
};

/// Names of containers, beside their directories.
store::Names container_names(const store::Paths& paths);

/// Gives the config an ID, and a name where it has none; claims the name, writes config.json. All or nothing:
/// what a crash leaves is swept by a later command.
/// @param runs_now  it is about to be started: one with --rm is swept, too, when its maker dies
/// @throws Error where the name is taken, in podman's words
Created create(const store::Paths& paths, ContainerConfig& config, bool runs_now);

/// Waits until nobody else is starting or removing the container. While the lock is held nobody does, and the
/// sweep leaves it alone. Not to be taken twice by one process: closing either would drop both.
sys::Fd lock_container(const std::filesystem::path& directory);

/// A container with --rm that was only created goes when it ends from now on.
void mark_for_removal(const store::Paths& paths, const std::string& id);

/// config.json of a container. @throws Error
ContainerConfig read_config(const std::filesystem::path& directory);

/// The name in the record, which `rename` changes; `fallback` where that cannot be read.
std::string current_name(const std::filesystem::path& directory, const std::string& fallback);

/// Gives a container another name. @throws Error where that is taken
void rename_container(const store::Paths& paths, const std::string& id, const std::string& name);

/// Removes what a container has in the runtime directory: its socket, its files, its secrets. Absent is fine.
void remove_runtime_files(const store::Paths& paths, const std::string& id);

/// Takes a container out of sight (its name is free, its ID unknown, its files in the runtime directory are
/// gone); what is left is removed by discard().
/// @return where it lies now
std::filesystem::path withdraw(const store::Paths& paths, const std::string& id, const std::string& name);

/// Removes a withdrawn container's files and its anonymous volumes. Runs as the session's root: the upper
/// layer holds subordinate IDs.
void discard(const store::Paths& paths, const std::filesystem::path& withdrawn);

/// Removes what processes that died have left: half-made and half-removed containers, and those with --rm
/// whose monitor is gone. Cheap where there is nothing; each command that makes or removes containers calls
/// it first.
void sweep_containers(const store::Paths& paths);

}  // namespace rpod::container
