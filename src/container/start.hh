// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "container/attach_client.hh"
#include "container/config.hh"
#include "container/create.hh"
#include "net/listen.hh"
#include "store/paths.hh"

namespace rpod::container {

struct StartRequest {
    bool attached = true;  ///< false: it runs on when the command has ended
    bool waits = false;    ///< everything but the start of the command in it (`rpod init`)
    AttachStreams streams;
    bool sig_proxy = true;
    std::string detach_keys;
};

/// From the record of a container that does not run to a monitor of its own; with the same writable layer
/// each time.
/// @param config  as recorded, with the environment that the command adds
/// @param lock  lock_container()'s; dropped when the monitor has taken over
/// @param listeners  of its ports (container/publish.hh): the monitor's from here on
/// @return nothing where the container runs on
/// @throws Error, with the exit code that `run` and `start -a` end with
std::optional<sys::ExitStatus> start_monitor(const store::Paths& paths, const ContainerConfig& config,
                                             sys::Fd& lock, const StartRequest& request,
                                             std::vector<net::PortListener> listeners);

/// How a container that does not run is started: alone (start_monitor), or in its pod.
using Starter = std::function<std::optional<sys::ExitStatus>(
    const store::Paths& paths, const ContainerConfig& config, sys::Fd& lock, const StartRequest& request,
    std::vector<net::PortListener> listeners)>;

/// Starts a container (`rpod start`, `rpod init`); attaches to one that runs already where that is asked for.
/// @return nothing where it runs on
std::optional<sys::ExitStatus> start_container(const store::Paths& paths, const std::string& id,
                                               const StartRequest& request, const Starter& starter);

/// What the command attaches. @param config  of the container
AttachOptions attach_options(const ContainerConfig& config, const StartRequest& request);

/// `rpod attach`. @throws Error where it does not run
std::optional<sys::ExitStatus> attach_container(const store::Paths& paths, const std::string& id,
                                                const StartRequest& request);

}  // namespace rpod::container
