// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "overlay/index.hh"
#include "userns/id_map.hh"

struct fuse_attr;

namespace rpod::overlay {

/// Container-side IDs first … first + count - 1.
struct IdRange {
    uint32_t first = 0;
    uint32_t count = 0;
};

/// What a container sees of the owners in an image. An ID that its map does not have would be shown as
/// "unmapped", and the kernel would refuse to copy such a file up; it is replaced by one that the map has.
class VisibleIds {
  public:
    /// No ranges: every ID is shown as it is.
    explicit VisibleIds(std::vector<IdRange> ranges)
        : ranges_(std::move(ranges)), substitute_(find_substitute()) {}
    /// Every ID is shown as 0.
    static VisibleIds single() { return VisibleIds({{0, 1}}); }

    uint32_t show(uint32_t id) const noexcept { return mapped(id) ? id : substitute_; }
    bool mapped(uint32_t id) const noexcept;

  private:
    uint32_t find_substitute() const noexcept;
    std::vector<IdRange> ranges_;
    uint32_t substitute_;  ///< 65534, else 0, else the first one that is mapped
};

struct Owners {
    VisibleIds uids = VisibleIds({}), gids = VisibleIds({});
    /// Set-ID bits make a program run as its owner: as a substitute they would mean somebody else. With one
    /// ID there is nobody else.
    bool keep_set_ids = false;
};

/// What a user namespace with these maps shows of an image's owners; with one ID every file belongs to 0:0.
Owners visible_owners(const userns::IdMap& uids, const userns::IdMap& gids);

struct ShownOwner {
    uint32_t uid = 0;
    uint32_t gid = 0;
    uint32_t mode = 0;  ///< with the type
};
/// Whose a file is shown to be, and its mode then.
ShownOwner shown_owner(const Node& node, const Owners& owners) noexcept;

/// The attributes of an inode as FUSE hands them out.
void fill_attr(Ino ino, const Node& node, std::span<const IndexExtent> extents, const Owners& owners,
               fuse_attr& to);

/// The value of a POSIX ACL attribute with the IDs that are shown: the kernel refuses an ACL that names
/// unmapped ones.
std::string visible_acl(std::string_view value, const Owners& owners);

}  // namespace rpod::overlay
