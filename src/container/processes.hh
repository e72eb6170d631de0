// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "container/config.hh"

/// The processes of a container as the host's /proc shows them. Nothing of the container is executed, and no
/// process of it can hide: it has none outside its PID namespace.
namespace rpod::container {

struct ProcessInfo {
    pid_t pid = 0;   ///< in the container
    pid_t ppid = 0;  ///< in the container; 0: its parent is outside
    pid_t host_pid = 0;
    pid_t pgid = 0;                 ///< in the container
    std::string comm;               ///< may hold any byte
    std::vector<std::string> args;  ///< likewise; empty for a zombie
    char state = '?';
    int tty_major = 0, tty_minor = 0;
    int nice = 0;
    uint64_t cpu_ns = 0;           ///< of this process alone
    uint64_t children_cpu_ns = 0;  ///< of the children it has waited for
    uint64_t start_ns = 0;         ///< since boot
    uint64_t virtual_bytes = 0, resident_bytes = 0;
    int threads = 0;
    std::array<uint32_t, 4> uids{}, gids{};   ///< real, effective, saved, file system: of the host
    std::vector<uint32_t> groups;             ///< of the host
    std::array<std::string, 5> capabilities;  ///< hex: inheritable, permitted, effective, bounding, ambient
    int seccomp = 0;
};

/// Whether the container's processes are those of a PID namespace that it has, or shares with containers
/// alone.
bool has_own_pids(const ContainerConfig& config);

/// @param first  the container's first process
/// @param own_namespace  false for --pid host: `first` and what descends from it
std::vector<ProcessInfo> container_processes(pid_t first, bool own_namespace);

/// Since boot, now.
uint64_t boot_clock_ns();

}  // namespace rpod::container
