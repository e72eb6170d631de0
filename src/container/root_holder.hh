// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <optional>

#include "container/root_namespaces.hh"
#include "container/unshare_shell.hh"
#include "runtime/plan.hh"
#include "sys/channel.hh"

namespace rpod::container {

/// What a process rpod:mount holds.
struct RootHold {
    std::filesystem::path directory;  ///< of the container; its root shows at `merged` in there
    UnshareShell shell;
    std::optional<RootNamespaces> running;      ///< the root of a container that runs…
    std::optional<runtime::LaunchPlan> stored;  ///< …or else what mounts it
};

enum class HoldStage : uint32_t { mounted = 1, failed };

/// Child, root of the session in the mount namespace of `rpod unshare`: mounts the root file system there,
/// tells the command so, and stays until it is told to end by SIGTERM, the container or its `rpod unshare`
/// ends. Holds the lock on the container's file `mounted` meanwhile. @return the exit code
int hold_root(RootHold& hold, const sys::Channel& command);

}  // namespace rpod::container
