// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sys/fd.hh"

namespace rpod::sys {

/// A line of /proc/PID/mountinfo (proc_pid_mountinfo(5)).
struct MountEntry {
    int id = 0;
    int parent = 0;
    std::string point;  ///< as seen from the root of the process that reads
};
/// @throws Error where a line is none
std::vector<MountEntry> parse_mount_table(std::string_view text);
/// Those that hang on mount `id`, directly or not; upper ones first.
std::vector<MountEntry> mounts_below(const std::vector<MountEntry>& table, int id);

/// Descriptors (O_PATH) of all mounts below the one behind a descriptor, which must be attached in this mount
/// namespace; upper ones first. Leaves out what another mount covers. Needs /proc.
std::vector<Fd> open_mounts_below(int mount);

}  // namespace rpod::sys
