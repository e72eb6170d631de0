// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "container/attach.hh"
#include "container/record.hh"
#include "store/paths.hh"

/// What other commands ask a container's monitor to do, by the socket `control` in its runtime directory.
/// Signals go that way, too: processes of the container can belong to IDs that the user cannot signal.
namespace rpod::container {

constexpr const char* kControlSocket = "control";
/// Seconds, where the container does not say.
constexpr uint32_t kStopTimeout = 10;

/// Nothing where no monitor listens.
std::optional<ClientEnd> connect_control(const store::Paths& paths, const std::string& id);
/// The error for a monitor that lives and does not listen: the runtime directory was wiped.
Error no_control(const std::string& id);
/// The monitor of what runs. @throws Error (no_control)
ClientEnd reach_control(const store::Paths& paths, const std::string& id);
/// Asks the monitor of a container or a pod, and waits until it has done it. @return what came with `done`
/// @throws Error as reach_control, and what the monitor answers
std::string ask_monitor(const store::Paths& paths, const std::string& id, AttachKind what,
                        std::string_view text = {});

/// Stops a container, and returns when it has ended; one that does not run is left as it is.
/// @param seconds  until SIGKILL; nothing: the container's own
/// @throws Error for a paused one
void stop_container(const store::Paths& paths, const std::string& id, std::optional<uint32_t> seconds);
/// @throws Error where it does not run
void kill_container(const store::Paths& paths, const std::string& id, int signal);
void pause_container(const store::Paths& paths, const std::string& id);
void unpause_container(const store::Paths& paths, const std::string& id);

/// Runs its health check, and waits for what comes of it: where an action follows, for the end of that, too.
/// @return the state of its health where the check failed; "" where it succeeded
/// @throws Error where it does not run, has no check, or the check took too long
std::string check_health(const store::Paths& paths, const std::string& id);

/// Waits until it has ended. @return its exit code, 128 + n for a signal
int wait_for_exit(const store::Paths& paths, const std::string& id, std::chrono::milliseconds interval);

/// Kills the monitor, and with it everything that it serves, and waits until nothing of that is left.
/// @param directory  of a lone container, or of a pod
void kill_monitor(const std::filesystem::path& directory);

/// Ends a container at once, whatever it does, and waits until nothing of it is left: by killing its monitor
/// where that is its own.
void end_container(const store::Paths& paths, const std::string& id);

}  // namespace rpod::container
