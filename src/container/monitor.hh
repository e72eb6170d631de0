// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <string>

#include "container/attach.hh"
#include "container/config.hh"
#include "container/events.hh"
#include "container/restart_policy.hh"
#include "runtime/plan.hh"

/// The monitor of a container, `rpod:monitor` in ps. How it lives:
///
///   It is PID 1 of a PID namespace of its own, so that its death, however it comes, makes the kernel end the
///   whole container. It is root of the session user namespace, in a session (setsid) and a mount namespace
///   of its own, and has one thread and one poll loop. That it lives is told by the record lock that it holds
///   on the file `alive` in the container's directory; nothing else is.
///
///     lock `alive` → launch (runtime/launch.hh) → state.json: created → wait for a client's `start` →
///     state.json: running → loop: output to the log and to clients, input from them, what they ask for,
///     timers, the death of helpers → the payload ended: exit.json → where the restart policy says so, all of
///     that again after a while; else release of the name (and, for --rm, of the whole record) → `exited` to
///     the clients → the mounts go, the process ends
///
///   The client that started it may die at any moment after `start`; the container goes on. Before `start` it
///   takes the container with it, unless that is to wait (`rpod init`).
namespace rpod::container {

struct MonitorJob {
    runtime::LaunchPlan plan;
    std::string id;
    std::filesystem::path directory;          ///< containers/ID
    std::filesystem::path control_directory;  ///< holds the control socket; empty: none
    std::chrono::seconds timeout{0};          ///< 0: none; the container is killed when it is over
    bool attached = true;                     ///< the client that starts it gets the output
    bool waits = false;                       ///< without that client it waits for another one to start it
    bool own_pid_namespace = true;
    bool null_stdin = false;  ///< Stdio::inherit: standard input is /dev/null all the same
    LogConfig log{.driver = "none", .options = {}};
    RestartPolicy restart;
    int stop_signal = SIGTERM;
    std::chrono::seconds stop_timeout{10};                          ///< from that signal to SIGKILL
    std::string pidfile, conmon_pidfile;                            ///< written when it starts; empty: none
    EventSink event = [](std::string_view, std::optional<int>) {};  ///< hears of what happens
    /// Frees what others may take at once (the name), and for --rm moves the record out of the way. Called
    /// once, when the payload has ended for good and before clients hear of it.
    std::function<void()> release;
    /// Removes what is left, after the clients were told.
    std::function<void()> clean_up;
};

/// The body of the monitor's process. @param holder_fd  keeps the session user namespace findable; stays open
int run_monitor(MonitorJob& job, MonitorEnd client, int holder_fd);

}  // namespace rpod::container
