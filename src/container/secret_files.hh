// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <vector>

#include "container/config.hh"
#include "oci/runtime_spec.hh"
#include "store/paths.hh"
#include "userns/pod_map.hh"

/// What a container gets of the secrets while it runs. Files lie in the runtime directory, secrets/ID, from
/// the start of the container to its end, for its monitor to bind; a monitor that is killed leaves them to
/// the next sweep. Variables are in no file at all: only the processes of the launch know them.
namespace rpod::container {

/// Finds the secrets that are asked for and notes their IDs. @throws Error where one does not exist
void resolve_secrets(const store::Paths& paths, ContainerConfig& config);

/// What the process is that has the files written.
enum class SecretWriter {
    command,      ///< the caller's: it asks a process of the session
    session_root  ///< the monitor of a pod, which is such a process itself
};

/// Writes the files, owned by the IDs of the container's users. @return the mounts that show them
/// @throws Error where a secret is gone, or a user does not exist in the container's user namespace
std::vector<oci::Mount> provide_secret_files(const store::Paths& paths, const ContainerConfig& config,
                                             const userns::MapRequest& id_map, SecretWriter writer);
/// Absent is fine.
void remove_secret_files(const store::Paths& paths, const std::string& id);

/// The IDs of containers that have files, whether they run or not.
std::vector<std::string> containers_with_secret_files(const store::Paths& paths);

/// Adds the variables ("NAME=VALUE") over those of the same name.
/// @throws Error where a secret is gone or cannot be the value of a variable
void add_secret_env(const store::Paths& paths, const ContainerConfig& config, std::vector<std::string>& env);

}  // namespace rpod::container
