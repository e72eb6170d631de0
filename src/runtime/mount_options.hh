// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rpod::runtime {

/// The options of a mount in a runtime spec (mount(8); OCI runtime-spec, "Mounts"), sorted by whom they
/// concern.
struct MountOptions {
    unsigned long flags = 0;      ///< MS_* for mount(2) of a file system
    uint64_t attributes_set = 0;  ///< MOUNT_ATTR_* for a bind mount
    uint64_t attributes_clear = 0;
    unsigned long propagation = 0;  ///< MS_PRIVATE, MS_SLAVE, …, with MS_REC; 0: not asked for
    bool bind = false;
    bool remount = false;  ///< changes what is mounted there already
    bool copy_up = false;  ///< "tmpcopyup": a tmpfs, or an empty directory that is bound, takes what is at
                           ///< its destination
    bool chown = false;    ///< "U": what is mounted is given to the container's user
    std::string data;      ///< what is left, for the file system: "size=64m,mode=1777"
};

/// @throws Error for an option that contradicts the kind of mount or cannot be honoured
MountOptions parse_mount_options(const std::vector<std::string>& options);

}  // namespace rpod::runtime
