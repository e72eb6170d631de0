// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "container/config.hh"
#include "container/health_state.hh"
#include "container/record.hh"
#include "store/paths.hh"

/// What the records and the lock of a container say at one moment, for the commands that show it. Never waits
/// for a lock.
namespace rpod::container {

struct Snapshot {
    std::string id;
    std::filesystem::path directory;
    ContainerConfig config;
    Time created;
    std::optional<State> state;         ///< nothing where it never ran
    std::optional<HealthState> health;  ///< nothing where it is not checked, or never ran
    std::optional<Exit> exit;           ///< of its last run, where its monitor lived to see the end
    bool alive = false;                 ///< its monitor lives
    std::string status;                 ///< as life_name has it: "created", "running", "exited"

    bool is_running() const { return status == "running" || status == "paused" || status == "stopping"; }
    /// As podman shows it: 0 where it has not ended, 137 where its monitor was killed along with it.
    int exit_code() const {
        if (exit) return exit->status.shell_code();
        return status == "exited" ? sys::ExitStatus{.code = 0, .signal = SIGKILL}.shell_code() : 0;
    }
};

/// @throws Error where its records cannot be read
Snapshot take_snapshot(const store::Paths& paths, const std::string& id);

enum class Which {
    all,
    alive,  ///< those that run, and some others; the records of the rest are not even read
};

/// The newest last. One that is removed meanwhile, or whose records cannot be read, is left
/// out.
std::vector<Snapshot> take_snapshots(const store::Paths& paths, Which which = Which::all);

/// The ID of the container that was made last. @throws Error where there is none
std::string latest_container(const store::Paths& paths);

}  // namespace rpod::container
