// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.hh"
#include "overlay/index_format.hh"
#include "sys/fd.hh"

namespace rpod::overlay {

/// Inode number in an image: the position of the node in the index + 1, so that the root is FUSE_ROOT_ID.
using Ino = uint64_t;
constexpr Ino kRootIno = 1;

struct Xattr {
    std::string_view name;
    std::string_view value;
};

/// A chain index, mapped: the merged tree of all layers of an image. Everything was checked when it was
/// opened, so the accessors trust it and are noexcept; views point into the map and live as long as the
/// Index. Not copied, cheap to move, safe to use from several threads.
class Index {
  public:
    /// Maps the file; the descriptor is not needed afterwards.
    /// @throws Error for a file that is damaged or of another version: build it again
    static Index open(int fd);

    Index(Index&& other) noexcept;
    Index& operator=(Index&& other) noexcept;
    ~Index();

    uint64_t size() const noexcept { return header().nodes.count; }
    uint32_t flags() const noexcept { return header().flags; }
    /// Sizes of the layer blobs, lowest layer first.
    std::span<const uint64_t> blob_sizes() const noexcept { return section<uint64_t>(header().blobs); }

    bool contains(Ino ino) const noexcept { return ino - 1 < size(); }
    /// The caller vouches for contains(ino).
    const Node& node(Ino ino) const noexcept { return section<Node>(header().nodes)[ino - 1]; }

    /// The child of a directory; nothing where the name is absent or `dir` is no directory.
    std::optional<Ino> lookup(Ino dir, std::string_view name) const noexcept;
    /// Sorted by name, without "." and ".."; empty for what is not a directory.
    std::span<const DirEntry> entries(const Node& dir) const noexcept;
    std::string_view name(const DirEntry& entry) const noexcept {
        return string(entry.name, entry.name_length);
    }
    static Ino ino(const DirEntry& entry) noexcept { return Ino{entry.node} + 1; }
    /// The directory that holds the node's name, the first one of several.
    static Ino parent(const Node& node) noexcept { return Ino{node.parent} + 1; }

    /// Of a symbolic link; empty for others.
    std::string_view target(const Node& link) const noexcept;
    /// Of a regular file that is not contiguous().
    std::span<const IndexExtent> extents(const Node& file) const noexcept;
    static bool contiguous(const Node& file) noexcept { return file.count == kContiguous; }

    std::span<const XattrRecord> xattrs(const Node& node) const noexcept;
    Xattr xattr(const XattrRecord& record) const noexcept {
        return {string(record.name, record.name_length), string(record.value, record.value_length)};
    }
    std::optional<std::string_view> find_xattr(const Node& node, std::string_view name) const noexcept;

    enum class Last { follow, keep };
    /// Walks a path from the root, links included, without leaving the image ("/.." is "/").
    /// @return ENOENT, ENOTDIR or ELOOP where it leads nowhere
    Result<Ino> resolve(std::string_view path, Last last = Last::follow) const;

  private:
    Index(const char* data, size_t size) : data_(data), map_size_(size) {}
    const IndexHeader& header() const noexcept { return *reinterpret_cast<const IndexHeader*>(data_); }
    template <class T>
    std::span<const T> section(const IndexSection& s) const noexcept {
        return {reinterpret_cast<const T*>(data_ + s.offset), s.count};
    }
    std::string_view string(uint64_t offset, size_t length) const noexcept {
        return {data_ + header().strings.offset + offset, length};
    }

    const char* data_ = nullptr;
    size_t map_size_ = 0;
};

/// Reads from a regular file of the image: from its layer blob, zeros for holes. Short only at the end of the
/// file.
/// @return the number of bytes, or the errno of the read; EIO where the blob ends too early
Result<size_t> read_content(const Index& index, const Node& file, int blob, uint64_t offset,
                            std::span<char> buffer);

}  // namespace rpod::overlay
