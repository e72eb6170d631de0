// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

namespace rpod::runtime {

/// Copies the content of one directory into another, with owners, modes, times and xattrs, and gives the
/// second the first's own owner and mode. Symbolic links are copied as links and never followed; nothing
/// beyond a mount point is entered; hard links become files of their own. Device nodes, which a user
/// namespace cannot make, are left out. Runs in init as the root of P. @throws SysError; Error for a tree
/// deeper than any path
void copy_tree(int from, int to);

/// Whether a directory has no entry.
bool is_empty_directory(int dir);

/// Gives a directory and all below it (no link followed, no mount entered) to a user and group.
void chown_tree(int dir, uid_t uid, gid_t gid);

}  // namespace rpod::runtime
