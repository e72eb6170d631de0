// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/index_writer.hh"

#include <dirent.h>
#include <sys/stat.h>

#include <cstring>

#include "base/error.hh"
#include "overlay/index_format.hh"
#include "overlay/whiteout.hh"

namespace rpod::overlay {
namespace {

constexpr uint32_t kUnnumbered = UINT32_MAX;

uint32_t file_type(EntryType type) {
    switch (type) {
        case EntryType::directory:
            return S_IFDIR;
        case EntryType::symlink:
            return S_IFLNK;
        case EntryType::char_device:
            return S_IFCHR;
        case EntryType::block_device:
            return S_IFBLK;
        case EntryType::fifo:
            return S_IFIFO;
        case EntryType::regular:
        case EntryType::hardlink:
            break;
    }
    return S_IFREG;
}

/// new_encode_dev() of the kernel, which FUSE uses.
uint32_t encode_device(uint32_t major, uint32_t minor) {
    return (minor & 0xff) | (major << 8) | ((minor & ~0xffu) << 12);
}

class Writer {
  public:
    Writer(const Tree& tree, const std::vector<uint64_t>& blob_sizes)
        : tree_(tree), blob_sizes_(blob_sizes), numbers_(tree.inode_count(), kUnnumbered) {}
    std::string run();

  private:
    void number(uint32_t inode, uint32_t parent);
    void add_node(const TreeInode& from, uint32_t parent);
    void add_entries(uint32_t node);
    void add_content(const TreeInode& from, Node& to);
    uint32_t add_string(std::string_view text);
    uint32_t add_xattrs(uint32_t list);
    std::string assemble() const;

    const Tree& tree_;
    const std::vector<uint64_t>& blob_sizes_;
    std::vector<uint32_t> numbers_;        // of inodes of the tree: their node
    std::vector<uint32_t> inodes_;         // of nodes: their inode of the tree
    std::vector<uint32_t> xattr_numbers_;  // of lists of the tree: their set + 1
    uint32_t flags_ = 0;
    std::vector<Node> nodes_;
    std::vector<DirEntry> entries_;
    std::vector<IndexExtent> extents_;
    std::vector<XattrSet> xattr_sets_;
    std::vector<XattrRecord> xattrs_;
    std::string strings_;
};

uint32_t Writer::add_string(std::string_view text) {
    if (strings_.size() + text.size() > UINT32_MAX) throw Error("too many names in an image");
    const auto offset = static_cast<uint32_t>(strings_.size());
    strings_ += text;
    return offset;
}

void Writer::number(uint32_t inode, uint32_t parent) {
    numbers_[inode] = static_cast<uint32_t>(inodes_.size());
    inodes_.push_back(inode);
    add_node(tree_.inode(inode), parent);
}

void Writer::add_content(const TreeInode& from, Node& to) {
    to.size = from.size;
    to.blob = from.layer;
    if (from.extents.size() == 1 && from.extents[0].length == from.size && from.size > 0) {
        to.data = from.extents[0].blob_offset;
        to.count = kContiguous;
        return;
    }
    to.data = extents_.size();
    for (const Extent& e : from.extents) {
        if (e.length > 0) extents_.push_back({e.file_offset, e.blob_offset, e.length});
    }
    to.count = static_cast<uint32_t>(extents_.size() - to.data);
}

void Writer::add_node(const TreeInode& from, uint32_t parent) {
    Node to{};
    to.parent = parent;
    to.mode = file_type(from.type) | from.mode;
    to.uid = from.uid;
    to.gid = from.gid;
    to.mtime_s = from.mtime_s;
    to.mtime_ns = from.mtime_ns;
    to.xattrs = add_xattrs(from.xattrs);
    switch (from.type) {
        case EntryType::regular:
        case EntryType::hardlink:
            add_content(from, to);
            break;
        case EntryType::symlink:
            to.data = add_string(from.target);
            to.count = static_cast<uint32_t>(from.target.size());
            to.size = to.count;
            break;
        case EntryType::directory:
            to.size = from.children.size();
            to.nlink = 2;
            break;
        case EntryType::char_device:
        case EntryType::block_device:
            to.rdev = encode_device(from.dev_major, from.dev_minor);
            break;
        case EntryType::fifo:
            break;
    }
    nodes_.push_back(to);
}

uint32_t Writer::add_xattrs(uint32_t list) {
    if (list == 0) return 0;
    xattr_numbers_.resize(tree_.xattr_lists().size());
    uint32_t& number = xattr_numbers_[list - 1];
    if (number != 0) return number;
    const XattrList& attributes = tree_.xattr_lists()[list - 1];
    xattr_sets_.push_back({static_cast<uint32_t>(xattrs_.size()), static_cast<uint32_t>(attributes.size())});
    for (const auto& [name, value] : attributes) {
        const uint32_t name_at = add_string(name);
        const uint32_t value_at = add_string(value);
        xattrs_.push_back(
            {name_at, value_at, static_cast<uint32_t>(name.size()), static_cast<uint32_t>(value.size())});
        flags_ |= kIndexHasXattrs;
        if (name == kAclAccess || name == kAclDefault) flags_ |= kIndexHasAcls;
    }
    number = static_cast<uint32_t>(xattr_sets_.size());
    return number;
}

void Writer::add_entries(uint32_t node) {
    const TreeInode& dir = tree_.inode(inodes_[node]);
    nodes_[node].data = entries_.size();
    nodes_[node].count = static_cast<uint32_t>(dir.children.size());
    for (const auto& [name, inode] : dir.children) {
        DirEntry entry{};
        entry.name = add_string(name);
        entry.name_length = static_cast<uint16_t>(name.size());
        if (numbers_[inode] == kUnnumbered) number(inode, node);
        entry.node = numbers_[inode];
        Node& child = nodes_[entry.node];
        if (S_ISDIR(child.mode)) {
            ++nodes_[node].nlink;
        } else {
            ++child.nlink;
        }
        entry.type = static_cast<uint16_t>(IFTODT(child.mode));
        entries_.push_back(entry);
    }
}

std::string Writer::run() {
    number(0, 0);
    for (uint32_t node = 0; node < nodes_.size(); ++node) {
        if (S_ISDIR(nodes_[node].mode)) add_entries(node);
    }
    return assemble();
}

std::string Writer::assemble() const {
    IndexHeader header{};
    std::string file(sizeof header, '\0');
    const auto append = [&file](IndexSection& section, const auto& records) {
        section = {file.size(), records.size()};
        file.append(reinterpret_cast<const char*>(records.data()), records.size() * sizeof records[0]);
        file.resize((file.size() + 7) & ~size_t{7});
    };
    append(header.blobs, blob_sizes_);
    append(header.nodes, nodes_);
    append(header.entries, entries_);
    append(header.extents, extents_);
    append(header.xattr_sets, xattr_sets_);
    append(header.xattrs, xattrs_);
    append(header.strings, strings_);
    std::memcpy(header.magic, kIndexMagic, sizeof header.magic);
    header.version = kIndexVersion;
    header.flags = flags_;
    header.file_size = file.size();
    std::memcpy(file.data(), &header, sizeof header);
    constexpr size_t kSummedFrom = offsetof(IndexHeader, version);
    header.checksum = index_checksum(file.data() + kSummedFrom, file.size() - kSummedFrom);
    std::memcpy(file.data(), &header, sizeof header);
    return file;
}

}  // namespace

std::string write_index(const Tree& tree, const std::vector<uint64_t>& blob_sizes) {
    return Writer(tree, blob_sizes).run();
}

}  // namespace rpod::overlay
