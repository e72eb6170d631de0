// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "image/original_tree.hh"
#include "image/tar_writer.hh"
#include "sys/rooted_dir.hh"

namespace rpod::image {

/// What of a tree goes into the archive, and how.
struct TreeOptions {
    /// Put in front of all names, as that of the root directory, which becomes a member itself; "." makes it
    /// one without a name. Empty: the root directory is no member.
    std::string name;
    /// The tree is the upper layer of an overlay of ours (overlay/disk_format.hh), the archive that layer of
    /// an image: whiteouts become ".wh.NAME", opaque directories have ".wh..wh..opq" for their first member.
    /// Files whose own names are like that are left out with a warning: a container may have made them.
    bool upper_layer = false;
    /// The tree was unpacked from this image and written into since: what has changed goes into the archive,
    /// as a layer above the image. Null: not so.
    const OriginalTree* original = nullptr;
    /// Regular files become holes: the headers alone, for who only wants to know what is there.
    bool without_content = false;
    /// /proc, /sys and the like, where the tree has them mounted, stay empty directories.
    bool pass_over_kernel_files = false;
    /// Paths below the root at which something is mounted over: what was made there to be mounted on, an
    /// empty file or directory, is left out.
    std::set<std::string> mount_points;
};

/// Whether an extended attribute goes into archives.
bool is_archived_xattr(std::string_view name);

/// Adds all that is below `root` (not the root directory itself), each directory before what is in it and
/// names in the order of their bytes. IDs are those of the caller's user namespace. The tree may change
/// meanwhile: what vanishes is left out, what shrinks is filled with zeros. Times are whole seconds, as
/// podman's; of the extended attributes "user.*" and "security.capability" of files and directories are kept;
/// sockets are left out, as tar programs do. Where nothing that is mounted below is wanted, the caller sees
/// to it.
/// @throws SysError
void archive_tree(const sys::RootedDir& root, TarWriter& out, const TreeOptions& options = {});

/// A whole archive of it. @param out  borrowed; `what` names it in errors
void write_tree(const sys::RootedDir& root, int out, const std::string& what,
                const TreeOptions& options = {});

/// Adds what `path` leads to, links followed: a directory with all below it, or one file, called `name`
/// (for a directory as in TreeOptions).
/// @return false where there is nothing; true for sockets, too, which are left out
bool archive_path(const sys::RootedDir& root, const std::string& path, TarWriter& out, TreeOptions options);

}  // namespace rpod::image
