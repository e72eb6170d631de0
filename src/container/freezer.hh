// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

namespace rpod::container {

/// Stops (SIGSTOP) or continues (SIGCONT) every process of a container, by way of its PID namespace: there
/// may be no cgroup to freeze. Differs from the freezer in that the processes can tell, and that one from
/// outside
/// (`exec`) can continue them. Called by the monitor; returns when no process of the container runs.
/// @param pidfd     of its first process
/// @param host_pid  the same, as /proc counts it
/// @throws Error
void stop_processes(int pidfd, pid_t host_pid);
void continue_processes(int pidfd, pid_t host_pid);

}  // namespace rpod::container
