// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "overlay/layer_entry.hh"

namespace rpod::overlay {

using XattrList = std::vector<std::pair<std::string, std::string>>;

/// An inode of the merged tree; which names lead to it is known to the directories only.
struct TreeInode {
    EntryType type = EntryType::directory;  ///< never hardlink
    uint32_t mode = 0755;
    uint32_t uid = 0;
    uint32_t gid = 0;
    int64_t mtime_s = 0;
    uint32_t mtime_ns = 0;
    uint32_t dev_major = 0;
    uint32_t dev_minor = 0;
    uint64_t size = 0;
    uint32_t layer = 0;   ///< that made it; a regular file's data lies in its blob
    uint32_t xattrs = 0;  ///< number of its list + 1, 0 for none
    uint32_t parent = 0;  ///< of a directory
    std::string target;
    std::vector<Extent> extents;
    std::map<std::string, uint32_t, std::less<>> children;  ///< of a directory, in the order of the index
};

/// The tree that the builder merges layers into. Inodes are numbers; 0 is the root. What becomes unreachable
/// stays where it is until the tree is gone, so nothing here is recursive.
class Tree {
  public:
    Tree();

    /// How symbolic links and missing names on the way are treated.
    enum class Missing { none, make };
    /// The directory that `path` leads to, symbolic links included, never outside the tree.
    /// @param cause  the member that needs it: gives its mtime to what is made, and its name to errors
    /// @return nothing for Missing::none where there is no such directory
    /// @throws Error for a loop of links, and for Missing::make where a parent of the same layer is a file
    std::optional<uint32_t> find_dir(std::string_view path, const LayerEntry& cause, Missing missing);

    std::optional<uint32_t> child(uint32_t dir, std::string_view name) const;
    void link(uint32_t dir, std::string_view name, uint32_t inode);
    void unlink(uint32_t dir, std::string_view name);
    void clear(uint32_t dir);

    uint32_t make_inode(const LayerEntry& entry);
    uint32_t make_dir(const LayerEntry& entry, uint32_t parent);
    /// Owner, mode, times and attributes of the member.
    void set_attributes(uint32_t inode, const LayerEntry& entry);

    const TreeInode& inode(uint32_t number) const { return inodes_[number]; }
    size_t inode_count() const { return inodes_.size(); }
    const std::vector<XattrList>& xattr_lists() const { return xattr_lists_; }
    void next_layer() { ++layer_; }

  private:
    std::optional<uint32_t> walk(std::string_view path, const LayerEntry& cause, Missing missing);
    uint32_t make_missing_dir(uint32_t parent, std::string_view name, const LayerEntry& cause);
    uint32_t intern_xattrs(const LayerEntry& entry);

    std::vector<TreeInode> inodes_;
    std::vector<XattrList> xattr_lists_;
    std::unordered_map<std::string, uint32_t> xattr_numbers_;
    uint32_t layer_ = 0;
    /// Archives list a directory at a time. Holds until a name is taken away.
    std::string last_path_;
    std::optional<uint32_t> last_dir_;
};

}  // namespace rpod::overlay
