// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "store/paths.hh"

namespace rpod::container {

struct DiskUsage {
    uint64_t writable_bytes = 0;  ///< what regular files hold in the writable layer and in a tree of its own
};

/// By ID. A process in the session's user namespace looks: what containers write belongs to subordinate IDs.
/// A container that goes meanwhile uses nothing.
std::map<std::string, DiskUsage> disk_usage(const store::Paths& paths, const std::vector<std::string>& ids);

/// What regular files in each volume hold, by its name. What a volume stands for outside of the store does
/// not count.
std::map<std::string, uint64_t> volume_sizes(const store::Paths& paths,
                                             const std::vector<std::string>& names);

/// What regular files in each tree that was unpacked for all containers hold, by its chain ID
/// (image/unpacked.hh).
std::map<std::string, uint64_t> tree_sizes(const store::Paths& paths);

}  // namespace rpod::container
