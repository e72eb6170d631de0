// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/stat.h>

#include <span>
#include <string>
#include <vector>

#include "overlay/attr.hh"
#include "overlay/index.hh"
#include "overlay/layer_entry.hh"
#include "sys/fd.hh"

namespace rpod::image {

/// The image that a tree was unpacked from (overlay/extract.hh), to tell what has been changed in the tree
/// since. Borrows what it is made from. Paths are relative to the root, without a first '/'.
class OriginalTree {
  public:
    /// @param owners  as they are shown to who looks now
    /// @param made  when the tree was complete: an inode whose ctime is older has not been changed
    OriginalTree(const overlay::Index& index, std::span<const sys::Fd> blobs, overlay::Owners owners,
                 timespec made)
        : index_(index), blobs_(blobs), owners_(std::move(owners)), made_(made) {}

    /// Whether the file is what the image has under that path. Contents are compared where nothing else
    /// tells.
    /// @param now  the file as an archive would have it
    /// @param fd  of a regular file: to read from
    bool has(const std::string& path, const overlay::LayerEntry& now, const struct stat& st, int fd) const;

    /// What the image has in a directory and `names`, sorted in any way, has not.
    std::vector<std::string> missing(const std::string& directory,
                                     const std::vector<std::string>& names) const;

  private:
    const overlay::Node* find(const std::string& path) const;
    bool same_attributes(const overlay::Node& node, const overlay::LayerEntry& now,
                         const struct stat& st) const;
    bool same_xattrs(const overlay::Node& node, const overlay::LayerEntry& now) const;
    bool same_content(const overlay::Node& node, int fd) const;
    bool untouched(const struct stat& st) const;

    const overlay::Index& index_;
    const std::span<const sys::Fd> blobs_;
    const overlay::Owners owners_;
    const timespec made_;
};

}  // namespace rpod::image
