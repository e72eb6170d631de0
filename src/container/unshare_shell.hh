// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace rpod::container {

/// `rpod unshare` as the commands within it see it: what they mount there goes when it ends. It is told by an
/// environment variable, "PID START MOUNT-NAMESPACE", and holds in that mount namespace alone.
struct UnshareShell {
    pid_t pid = 0;                ///< the process that waits for the command, as /proc counts it
    uint64_t start = 0;           ///< when that started
    std::string mount_namespace;  ///< "mnt:[4026531841]"
    std::string text() const;
};

/// Makes this process, in its new mount namespace, the one that what it executes finds.
UnshareShell become_unshare_shell();
/// Nothing where this process is not within a living one.
std::optional<UnshareShell> find_unshare_shell();

}  // namespace rpod::container
