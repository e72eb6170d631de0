// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "container/attach_client.hh"
#include "container/monitor.hh"
#include "store/paths.hh"

namespace rpod::container {

struct AttachRequest {
    AttachOptions attach;
    std::function<void()> when_created;  ///< between creation and start; may be empty
};

struct SpawnRequest {
    std::string subuid_name, subgid_name;
};

/// Starts a monitor for the job. With job.attached it stays attached until the container has ended; else it
/// returns when the payload runs, and with job.waits when that could be started.
/// @return nothing where the container runs on
/// @throws Error that the launch failed with; the monitor has cleaned up then
std::optional<sys::ExitStatus> run_monitored(const store::Paths& paths, MonitorJob& job,
                                             const SpawnRequest& spawn, const AttachRequest& request);

/// The command's side from there on, as run_monitored: the monitor has been asked to launch the container.
/// @param attached, waits  as in the job
std::optional<sys::ExitStatus> follow_launch(const ClientEnd& client, bool attached, bool waits,
                                             const AttachRequest& request);

}  // namespace rpod::container
