// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "image/tar_writer.hh"
#include "sys/rooted_dir.hh"

namespace rpod::image {

/// Adds all that is below `root` (not the root directory itself), each directory before what is in it and
/// names in the order of their bytes. IDs are those of the caller's user namespace. The tree may change
/// meanwhile: what vanishes is left out, what shrinks is filled with zeros. Times are whole seconds, as
/// podman's; of the extended attributes "user.*" and "security.capability" of files and directories are kept;
/// sockets are left out, as tar programs do. The caller sees to it that nothing is mounted below.
/// @throws SysError
void archive_tree(const sys::RootedDir& root, TarWriter& out);

}  // namespace rpod::image
