// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hh"
#include "store/paths.hh"

/// What commands do to a pod as a whole. What fails for one member does not keep the others from it.
namespace rpod::pod {

/// What failed, by the member's ID.
struct MemberFailure {
    std::string id;
    Error error;
};
using Failures = std::vector<MemberFailure>;

/// Starts the pod and those of its containers that do not run: first the init containers, one after the
/// other, in the order in which they were made. Each must end well before the next, but one whose restart
/// policy is "always", a sidecar, which goes on. Those to be run once are removed then.
Failures start_pod(const store::Paths& paths, const std::string& id);

/// Stops the containers, all at the same time, then the sidecars, then the pod.
/// @param seconds  until SIGKILL; nothing: each container's own
Failures stop_pod(const store::Paths& paths, const std::string& id, std::optional<uint32_t> seconds);

/// Sends a signal to the containers that run. SIGKILL ends the pod, too.
Failures kill_pod(const store::Paths& paths, const std::string& id, int signal);

Failures pause_pod(const store::Paths& paths, const std::string& id);
Failures unpause_pod(const store::Paths& paths, const std::string& id);

struct RemovePodRequest {
    bool force = false;  ///< one that runs is stopped first
    std::optional<uint32_t> stop_seconds;
};
/// Removes the pod and its containers with their anonymous volumes.
/// @throws Error with exit code 2 where one runs and that is not to be
void remove_pod(const store::Paths& paths, const std::string& id, const RemovePodRequest& request);

}  // namespace rpod::pod
