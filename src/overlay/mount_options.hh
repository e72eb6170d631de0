// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "overlay/owner_map.hh"

namespace rpod::overlay {

/// What `rpod fuse-overlayfs -o …` asks for.
struct MountOptions {
    std::vector<std::string> lowers;  ///< topmost first
    std::string upper;                ///< empty: none
    std::string work;
    std::vector<OwnerMap::Range> uids, gids;
    bool squash_to_root = false;
    std::optional<uint32_t> squash_to_uid, squash_to_gid;
    bool static_nlink = false;
    bool acls = true;
    bool xattrs = true;
    bool sync = true;
    bool writeback = true;
    double timeout = 1e9;  ///< seconds for which the kernel keeps what it was told

    bool read_only = false;
    bool allow_other = false;
    bool nosuid = false, nodev = false, noexec = false, noatime = false;
    std::string source = "fuse-overlayfs";

    OwnerMap uid_map() const;
    OwnerMap gid_map() const;
};

/// The words of fuse-overlayfs(1), those of mount(8) and FUSE that have a meaning here, and none of those
/// that would have to be passed over with a loss.
/// @param texts  of one or several -o: "lowerdir=a:b,upperdir=u"; a backslash takes a comma's or a colon's
/// meaning away
/// @throws Error that names an option that is unknown or not done, or what is missing
MountOptions parse_mount_options(const std::vector<std::string>& texts);

}  // namespace rpod::overlay
