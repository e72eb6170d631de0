// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/image_layer.hh"

#include <dirent.h>
#include <linux/fuse.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "overlay/whiteout.hh"

namespace rpod::overlay {
namespace {

/// Images never change. The kernel cuts this to the largest time that it can count.
constexpr uint64_t kForever = uint64_t{1} << 40;

char* put_dirent(char* to, Ino ino, uint64_t next_offset, std::string_view name, uint32_t type) {
    const fuse_dirent head{
        .ino = ino, .off = next_offset, .namelen = static_cast<uint32_t>(name.size()), .type = type};
    std::memcpy(to, &head, FUSE_NAME_OFFSET);
    std::memcpy(to + FUSE_NAME_OFFSET, name.data(), name.size());
    const size_t used = FUSE_NAME_OFFSET + name.size();
    std::memset(to + used, 0, FUSE_DIRENT_ALIGN(used) - used);
    return to + FUSE_DIRENT_ALIGN(used);
}

}  // namespace

std::vector<bool> nodes_with_xattrs(const Index& index) {
    std::vector<bool> wanted(index.size());
    for (Ino ino = kRootIno; ino <= index.size(); ++ino) wanted[ino - 1] = index.node(ino).xattrs != 0;
    wanted[0] = true;
    // A directory stands before those in it, so one pass from the end does it once the other nodes are known.
    for (Ino ino = index.size(); ino >= kRootIno; --ino) {
        for (const DirEntry& e : index.entries(index.node(ino))) {
            if (wanted[e.node]) wanted[ino - 1] = true;
        }
    }
    return wanted;
}

ImageLayer::ImageLayer(const Index& index, std::span<const sys::Fd> blobs, const Owners& owners, View view)
    : index_(index), blobs_(blobs), owners_(owners), view_(view) {
    if (view == View::only_xattrs) leads_to_xattrs_ = nodes_with_xattrs(index);
    for (const uint64_t size : index.blob_sizes()) content_size_ += size;
}

const Node* ImageLayer::find(Ino ino) const noexcept {
    return index_.contains(ino) ? &index_.node(ino) : nullptr;
}

const Node* ImageLayer::find_dir(Ino ino) const noexcept {
    const Node* node = find(ino);
    return node && S_ISDIR(node->mode) ? node : nullptr;
}

void ImageLayer::fill_entry(Ino ino, fuse_entry_out& to) const {
    to.nodeid = ino;
    to.generation = 0;
    to.entry_valid = to.attr_valid = kForever;
    to.entry_valid_nsec = to.attr_valid_nsec = 0;
    const Node& node = index_.node(ino);
    fill_attr(ino, node, index_.extents(node), owners_, to.attr);
}

Result<fuse_entry_out> ImageLayer::lookup(Ino dir, std::string_view name) const {
    if (!find_dir(dir)) return Errno{index_.contains(dir) ? ENOTDIR : ESTALE};
    fuse_entry_out entry{};
    const auto ino = index_.lookup(dir, name);
    if (ino && shown(*ino)) {
        fill_entry(*ino, entry);
    } else {
        entry.entry_valid = kForever;
    }
    return entry;
}

Result<fuse_attr_out> ImageLayer::getattr(Ino ino) const {
    const Node* node = find(ino);
    if (!node) return Errno{ESTALE};
    fuse_attr_out out{};
    out.attr_valid = kForever;
    fill_attr(ino, *node, index_.extents(*node), owners_, out.attr);
    return out;
}

Result<std::string_view> ImageLayer::readlink(Ino ino) const {
    const Node* node = find(ino);
    if (!node) return Errno{ESTALE};
    if (!S_ISLNK(node->mode)) return Errno{EINVAL};
    return index_.target(*node);
}

/// Offsets: 0 is ".", 1 is "..", entry n of the index is n + 2; a record carries that of its successor.
/// add(number, next_offset, name, type, is_child) returns false when the buffer is full.
template <class Add>
void ImageLayer::list(Ino ino, const Node& dir, uint64_t offset, Add add) const {
    if (offset == 0 && !add(ino, 1, ".", DT_DIR, false)) return;
    if (offset <= 1 && !add(Index::parent(dir), 2, "..", DT_DIR, false)) return;
    const auto entries = index_.entries(dir);
    for (uint64_t n = offset > 2 ? offset - 2 : 0; n < entries.size(); ++n) {
        const DirEntry& e = entries[n];
        if (shown(Index::ino(e)) && !add(Index::ino(e), n + 3, index_.name(e), e.type, true)) return;
    }
}

Result<size_t> ImageLayer::readdir(Ino ino, uint64_t offset, std::span<char> buffer) const {
    const Node* dir = find_dir(ino);
    if (!dir) return Errno{index_.contains(ino) ? ENOTDIR : ESTALE};
    char* to = buffer.data();
    const char* end = to + buffer.size();
    list(ino, *dir, offset, [&](Ino number, uint64_t next, std::string_view name, uint32_t type, bool) {
        if (static_cast<size_t>(end - to) < FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + name.size())) return false;
        to = put_dirent(to, number, next, name, type);
        return true;
    });
    return static_cast<size_t>(to - buffer.data());
}

Result<size_t> ImageLayer::readdirplus(Ino ino, uint64_t offset, std::span<char> buffer) const {
    const Node* dir = find_dir(ino);
    if (!dir) return Errno{index_.contains(ino) ? ENOTDIR : ESTALE};
    char* to = buffer.data();
    const char* end = to + buffer.size();
    list(ino, *dir, offset, [&](Ino number, uint64_t next, std::string_view name, uint32_t type, bool child) {
        const size_t need = sizeof(fuse_entry_out) + FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + name.size());
        if (static_cast<size_t>(end - to) < need) return false;
        // Node 0: the kernel makes no inode of "." and "..".
        fuse_entry_out entry{};
        if (child) fill_entry(number, entry);
        std::memcpy(to, &entry, sizeof entry);
        to = put_dirent(to + sizeof entry, number, next, name, type);
        return true;
    });
    return static_cast<size_t>(to - buffer.data());
}

Result<std::string> ImageLayer::getxattr(Ino ino, std::string_view name) const {
    const Node* node = find(ino);
    if (!node) return Errno{ESTALE};
    const auto value = index_.find_xattr(*node, name);
    if (!value) return Errno{ENODATA};
    if (name == kAclAccess || name == kAclDefault) return visible_acl(*value, owners_);
    return std::string(*value);
}

Result<std::string> ImageLayer::listxattr(Ino ino) const {
    const Node* node = find(ino);
    if (!node) return Errno{ESTALE};
    std::string names;
    for (const XattrRecord& record : index_.xattrs(*node)) {
        // Nobody in a user namespace can read these; the kernel asks for them to be hidden then (xattr(7)).
        const std::string_view name = index_.xattr(record).name;
        if (!name.starts_with("trusted.")) names.append(name).push_back('\0');
    }
    return names;
}

Result<size_t> ImageLayer::read(Ino ino, uint64_t offset, std::span<char> buffer) const {
    const Node* node = find(ino);
    if (!node) return Errno{ESTALE};
    const int blob = node->blob < blobs_.size() ? blobs_[node->blob].get() : -1;
    return read_content(index_, *node, blob, offset, buffer);
}

Ino ImageLayer::directory_of(Ino ino) const noexcept {
    const Node* node = find(ino);
    return node ? Index::parent(*node) : 0;
}

uint64_t ImageLayer::file_size(Ino ino) const noexcept {
    const Node* node = find(ino);
    return node && S_ISREG(node->mode) ? node->size : 0;
}

Ino ImageLayer::next_file(Ino dir, Ino after, unsigned max_skip) const noexcept {
    // Nodes are numbered directory by directory, so what a directory adds lies together.
    Ino ino = after + 1;
    if (after == 0) {
        const Node* node = find_dir(dir);
        const auto entries = node ? index_.entries(*node) : std::span<const DirEntry>{};
        const auto end = entries.begin() + std::min<ptrdiff_t>(std::ssize(entries), max_skip);
        const auto first = std::find_if(
            entries.begin(), end, [&](const DirEntry& e) { return directory_of(Index::ino(e)) == dir; });
        if (first == end) return 0;
        ino = Index::ino(*first);
    }
    for (const Ino end = ino + max_skip; ino < end && directory_of(ino) == dir; ++ino) {
        if (file_size(ino) > 0) return ino;
    }
    return 0;
}

fuse_statfs_out ImageLayer::statfs() const {
    constexpr uint32_t kBlock = 4096;
    fuse_statfs_out out{};
    out.st.bsize = out.st.frsize = kBlock;
    out.st.blocks = (content_size_ + kBlock - 1) / kBlock;
    out.st.files = index_.size();
    out.st.namelen = kMaxName;
    return out;
}

}  // namespace rpod::overlay
