// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <vector>

#include "runtime/plan.hh"

/// Socket activation (sd_listen_fds(3)): open files that systemd gave to this command, for the payload.
namespace rpod::container {

/// Which those are, by LISTEN_FDS and LISTEN_PID: numbers from 3 on; none where they are not meant for this
/// process. @throws Error where one is not open
std::vector<int> listen_fds();

/// LISTEN_FDS and LISTEN_FDNAMES for the payload; LISTEN_PID is added when its process ID is known.
void set_listen_variables(std::vector<std::string>& env, size_t count);

/// Passes them to a container that is about to be launched: they stay at their numbers in all processes on
/// the way, so that these hold nothing else there. @throws Error where the payload cannot know its process ID
void pass_listen_fds(runtime::LaunchPlan& plan);

/// For what cannot pass them. @param what  "a container of a pod" @throws Error where there are some
void refuse_listen_fds(const std::string& what);

}  // namespace rpod::container
