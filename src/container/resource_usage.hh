// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace rpod::container {

/// What the living processes of a container use, summed from /proc: there is no cgroup that would count. What
/// ended processes used is known only as far as a living parent has waited for them.
struct ResourceUsage {
    uint64_t cpu_ns = 0;
    uint64_t age_ns = 0;          ///< since its first process started
    uint64_t resident_bytes = 0;  ///< shared pages count once for each process
    uint64_t host_memory_bytes = 0;
    uint64_t received_bytes = 0, sent_bytes = 0;  ///< all interfaces but lo
    uint64_t read_bytes = 0, written_bytes = 0;   ///< of block devices
    bool has_network = false;                     ///< false: the host's
    uint64_t tasks = 0;
};

/// @param first, own_namespace  as for container_processes()
ResourceUsage resource_usage(pid_t first, bool own_namespace, bool own_network);

}  // namespace rpod::container
