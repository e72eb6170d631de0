// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/attr.hh"

#include <linux/fuse.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

namespace rpod::overlay {
namespace {

constexpr uint32_t kOverflowId = 65534;
constexpr uint32_t kBlockSize = 4096;
constexpr uint64_t kSector = 512;

uint64_t allocated(const Node& node, std::span<const IndexExtent> extents) noexcept {
    if (!S_ISREG(node.mode)) return 0;
    if (Index::contiguous(node)) return node.size;
    uint64_t sum = 0;
    for (const IndexExtent& e : extents) sum += e.length;
    return sum;
}

std::vector<IdRange> inside_ranges(const userns::IdMap& map) {
    std::vector<IdRange> ranges;
    for (const auto& e : map.extents()) ranges.push_back({.first = e.inside, .count = e.size});
    return ranges;
}

}  // namespace

bool VisibleIds::mapped(uint32_t id) const noexcept {
    if (ranges_.empty()) return true;
    return std::any_of(ranges_.begin(), ranges_.end(),
                       [id](const IdRange& r) { return id - r.first < r.count; });
}

uint32_t VisibleIds::find_substitute() const noexcept {
    if (mapped(kOverflowId)) return kOverflowId;
    if (mapped(0)) return 0;
    return ranges_.front().first;
}

Owners visible_owners(const userns::IdMap& uids, const userns::IdMap& gids) {
    if (uids.count() == 1) return {VisibleIds::single(), VisibleIds::single(), true};
    return {VisibleIds(inside_ranges(uids)), VisibleIds(inside_ranges(gids)), false};
}

ShownOwner shown_owner(const Node& node, const Owners& owners) noexcept {
    ShownOwner shown{.uid = owners.uids.show(node.uid), .gid = owners.gids.show(node.gid), .mode = node.mode};
    if (S_ISREG(node.mode) && !owners.keep_set_ids) {
        if (shown.uid != node.uid) shown.mode &= ~uint32_t{S_ISUID};
        if (shown.gid != node.gid) shown.mode &= ~uint32_t{S_ISGID};
    }
    return shown;
}

void fill_attr(Ino ino, const Node& node, std::span<const IndexExtent> extents, const Owners& owners,
               fuse_attr& to) {
    to = {};
    to.ino = ino;
    to.size = node.size;
    to.blocks = (allocated(node, extents) + kSector - 1) / kSector;
    to.atime = to.mtime = to.ctime = static_cast<uint64_t>(node.mtime_s);
    to.atimensec = to.mtimensec = to.ctimensec = node.mtime_ns;
    const auto owner = shown_owner(node, owners);
    to.mode = owner.mode;
    to.nlink = node.nlink;
    to.uid = owner.uid;
    to.gid = owner.gid;
    to.rdev = node.rdev;
    to.blksize = kBlockSize;
}

std::string visible_acl(std::string_view value, const Owners& owners) {
    // A header of 4 bytes, then for each entry tag, permissions (u16) and ID (u32); checked when the index
    // was built.
    constexpr size_t kHeader = 4;
    constexpr size_t kEntry = 8;
    constexpr size_t kId = 4;
    constexpr uint16_t kTagUser = 0x02;
    constexpr uint16_t kTagGroup = 0x08;
    std::string shown(value);
    for (size_t at = kHeader; at + kEntry <= shown.size(); at += kEntry) {
        uint16_t tag = 0;
        uint32_t id = 0;
        std::memcpy(&tag, &shown[at], sizeof tag);
        std::memcpy(&id, &shown[at + kId], sizeof id);
        if (tag == kTagUser) id = owners.uids.show(id);
        if (tag == kTagGroup) id = owners.gids.show(id);
        std::memcpy(&shown[at + kId], &id, sizeof id);
    }
    return shown;
}

}  // namespace rpod::overlay
