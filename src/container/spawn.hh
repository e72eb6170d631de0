// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <string>

#include "container/attach_client.hh"
#include "container/monitor.hh"
#include "store/paths.hh"

namespace rpod::container {

struct AttachRequest {
    AttachStreams streams;
    bool tty = false;
    bool sig_proxy = true;
    std::function<void()> when_created;  ///< between creation and start; may be empty
};

struct SpawnRequest {
    /// Whether the container has a PID namespace of its own. In one of others the monitor stays where the
    /// command is, and the kernel no longer ends the container with it.
    bool own_pid_namespace = true;
    std::string subuid_name, subgid_name;
};

/// Starts a monitor for the job and stays attached until the container has ended.
/// @throws Error that the launch failed with; the monitor has cleaned up then
sys::ExitStatus run_monitored(const store::Paths& paths, MonitorJob& job, const SpawnRequest& spawn,
                              const AttachRequest& attach);

}  // namespace rpod::container
