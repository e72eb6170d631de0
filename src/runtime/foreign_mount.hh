// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "sys/fd.hh"

namespace rpod::runtime {

/// A place as a process of another container sees it: "/proc/PID/root/PATH", PATH absolute there.
struct ForeignPath {
    pid_t pid;
    std::string path;
};
/// Nothing where the path is not of that form, or the process is our own.
std::optional<ForeignPath> parse_foreign_path(const std::string& source);

/// A detached copy of what is mounted there. A mount can only be copied from within its own mount namespace,
/// so a forked process joins that of `pid`, resolves the path below its root, and hands the copy over.
/// @throws Error
sys::Fd clone_foreign_mount(const ForeignPath& from);

}  // namespace rpod::runtime
