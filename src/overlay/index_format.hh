// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

/// The chain index on disk, version 1. One file, little-endian, 8-byte aligned sections of fixed-width
/// records:
///
///   IndexHeader
///   blobs       u64 each: size in bytes of layer blob 0, 1, … (0 = lowest layer)
///   nodes       Node each; position = inode number - 1; node 0 is the root directory
///   entries     DirEntry each; the entries of one directory are contiguous and sorted by name (bytes as
///   unsigned) extents     IndexExtent each, of the regular files that are not one contiguous run xattr_sets
///   XattrSet each; shared by the nodes with equal attributes xattrs      XattrRecord each, sorted by name
///   within a set strings     bytes: names, link targets, attribute names and values; referred to by offset
///   and length, no terminator
///
/// Canonical order, which the reader checks and which makes the file a tree by construction: directories own
/// consecutive runs of `entries` in the order of their node numbers, and the n-th node is introduced by the
/// first entry that names it. So an entry either names the next new node, or an earlier one that is not a
/// directory (a hard link). Children have greater numbers than their parent; siblings lie together, as
/// READDIRPLUS reads them.
///
/// The index is a cache made from layer blobs: another version, another byte order or a wrong checksum mean
/// "build it again".
namespace rpod::overlay {

static_assert(std::endian::native == std::endian::little, "the chain index is mapped as it is on disk");

constexpr char kIndexMagic[8] = {'r', 'p', 'o', 'd', 'i', 'd', 'x', '\n'};
constexpr uint32_t kIndexVersion = 1;

/// IndexHeader::flags
constexpr uint32_t kIndexHasXattrs = 1;  ///< some node has attributes that are handed out
constexpr uint32_t kIndexHasAcls = 2;    ///< some of them are POSIX ACLs

struct IndexSection {
    uint64_t offset;  ///< from the start of the file, a multiple of 8
    uint64_t count;   ///< records; bytes for `strings`
};

struct IndexHeader {
    char magic[8];
    uint64_t checksum;  ///< index_checksum of all bytes after this field
    uint32_t version;
    uint32_t flags;
    uint64_t file_size;
    IndexSection blobs, nodes, entries, extents, xattr_sets, xattrs, strings;
};

/// One inode; one cache line.
struct Node {
    uint32_t mode;  ///< type and permissions, as st_mode
    uint32_t uid;   ///< as the image says it
    uint32_t gid;
    uint32_t nlink;  ///< visible names; of a directory 2 + subdirectories
    int64_t mtime_s;
    uint32_t mtime_ns;
    uint32_t
        rdev;  ///< minor(7:0) | major << 8 | minor(19:8) << 20, the kernel's 32-bit encoding; devices only
    uint64_t
        size;  ///< of a regular file; the length of a link's text; of a directory the number of its entries
    uint64_t data;    ///< directory: first entry; link: offset of its text; regular file: see `count`
    uint32_t count;   ///< directory: entries; regular file: extents from `data` on, or kContiguous: `data` is
                      ///< a blob offset
    uint32_t blob;    ///< regular file: the layer that holds its data
    uint32_t xattrs;  ///< number of its XattrSet + 1, 0 for none
    uint32_t
        parent;  ///< node of the directory that holds its name, the first of several; the root's is the root
};

/// Node::count of a regular file whose whole content lies at `data` in its blob.
constexpr uint32_t kContiguous = UINT32_MAX;

struct DirEntry {
    uint32_t name;  ///< offset in strings
    uint32_t node;
    uint16_t name_length;  ///< 1 to 255
    uint16_t type;         ///< DT_REG, DT_DIR, …: that of the node
};

/// What no extent covers is a hole.
struct IndexExtent {
    uint64_t file_offset;
    uint64_t blob_offset;
    uint64_t length;
};

struct XattrSet {
    uint32_t first;
    uint32_t count;
};

struct XattrRecord {
    uint32_t name;
    uint32_t value;
    uint32_t name_length;
    uint32_t value_length;
};

static_assert(sizeof(IndexHeader) == 144 && sizeof(Node) == 64 && sizeof(DirEntry) == 12 &&
              sizeof(IndexExtent) == 24 && sizeof(XattrSet) == 8 && sizeof(XattrRecord) == 16);

constexpr size_t kMaxName = 255;
constexpr size_t kMaxLinkTarget = 4095;       ///< PATH_MAX less its terminator
constexpr size_t kMaxXattrValue = 64 * 1024;  ///< XATTR_SIZE_MAX

/// Detects damage, not malice. Four lanes, so that it runs at the speed of memory.
uint64_t index_checksum(const void* data, size_t size) noexcept;

}  // namespace rpod::overlay
