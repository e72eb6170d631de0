// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "container/member.hh"
#include "sys/signals.hh"

/// The monitor of a lone container, `rpod:monitor` in ps. How it lives:
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

/// The body of the monitor's process. @param holder_fd  keeps the session user namespace findable; stays open
int run_monitor(MonitorJob& job, MonitorEnd client, int holder_fd);

/// What a monitor's process does first: lets go of everything of the command but `keep`, writes its log to
/// `directory`, starts a session, and leaves the current directory.
void leave_command(std::vector<int> keep, const std::filesystem::path& directory);

/// Locks the file `alive` in `directory`. Opened once: closing any descriptor of the file would drop the
/// lock.
/// @param what  "container ID", for the error
/// @throws Error where somebody else has it
sys::Fd lock_alive(const std::filesystem::path& directory, const std::string& what);

/// The children of a monitor's process that have ended, as SIGCHLD tells.
class EndedChildren {
  public:
    EndedChildren() : signals_({SIGCHLD}) {}
    int fd() const { return signals_.fd(); }
    /// Waits for all that have ended; as PID 1, also for those that a container left.
    void reap(const std::function<void(pid_t, sys::ExitStatus)>& take);

  private:
    sys::SignalQueue signals_;
};

}  // namespace rpod::container
