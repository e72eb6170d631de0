// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "container/attach.hh"
#include "runtime/plan.hh"

/// The monitor of a container, `rpod:monitor` in ps. How it lives:
///
///   It is PID 1 of a PID namespace of its own, so that its death, however it comes, makes the kernel end the
///   whole container. It is root of the session user namespace, in a session (setsid) and a mount namespace
///   of its own, and has one thread and one poll loop. That it lives is told by the record lock that it holds
///   on the file `alive` in the container's directory; nothing else is.
///
///     lock `alive` → launch (runtime/launch.hh) → state.json: created → wait for the client's `start` →
///     state.json: running → loop: output to the client, input from it, signals, the timeout, the death of
///     helpers → the payload ended: exit.json, release of the name (and, for --rm, of the whole record) →
///     `exited` to the client → the mounts go, the process ends
///
///   The client may die at any moment after `start`; the container goes on. Before `start` it takes the
///   container with it.
namespace rpod::container {

struct MonitorJob {
    runtime::LaunchPlan plan;
    std::string id;
    std::filesystem::path directory;  ///< containers/ID
    bool remove_at_exit = false;
    std::chrono::seconds timeout{0};  ///< 0: none; the container is killed when it is over
    /// Frees what others may take at once (the name), and with remove_at_exit moves the record out of the
    /// way. Called once, when the payload has ended and before the client hears of it.
    std::function<void()> release;
    /// Removes what is left, after the client was told.
    std::function<void()> clean_up;
};

/// The body of the monitor's process. @param holder_fd  keeps the session user namespace findable; stays open
int run_monitor(MonitorJob& job, MonitorEnd client, int holder_fd);

}  // namespace rpod::container
