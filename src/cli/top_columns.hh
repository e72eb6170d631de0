// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <map>
#include <string>
#include <vector>

#include "container/processes.hh"
#include "userns/id_map.hh"

namespace rpod::cli {

/// What the columns of `top` need besides a process.
struct TopFacts {
    userns::IdMap uids, gids;                                 ///< of the container: outside are the host's
    std::map<uint32_t, std::string> users, groups;            ///< of the container, by ID
    std::map<uint32_t, std::string> host_users, host_groups;  ///< filled as they are asked for
    uint64_t now_ns = 0;                                      ///< since boot
};

/// A column that podman-top(1) calls a format descriptor.
struct TopColumn {
    std::string header;
    std::string (*text)(const container::ProcessInfo&, TopFacts&);
};

/// @param name  "user", "pcpu", or ps(1)'s "%U"
/// @throws Error
TopColumn find_top_column(const std::string& name);
/// All names, sorted.
std::vector<std::string> top_column_names();

}  // namespace rpod::cli
