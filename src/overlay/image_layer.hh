// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"
#include "overlay/attr.hh"
#include "overlay/index.hh"
#include "overlay/serve.hh"
#include "sys/fd.hh"

struct fuse_attr_out;
struct fuse_entry_out;
struct fuse_statfs_out;

namespace rpod::overlay {

/// Which nodes of an index have extended attributes or lead to one that has; the root always.
std::vector<bool> nodes_with_xattrs(const Index& index);

/// One view of an image as FUSE wants to see it: answers in the structures of the kernel's protocol
/// (linux/fuse.h), without libfuse and without allocating. Failures are errno values. Node IDs come from the
/// kernel, which has them from us; one that is not in the index is ESTALE all the same. Borrows what it is
/// made from; used by several threads.
class ImageLayer {
  public:
    ImageLayer(const Index& index, std::span<const sys::Fd> blobs, const Owners& owners, View view);

    /// An absent name is an answer too: node 0, to be remembered.
    Result<fuse_entry_out> lookup(Ino dir, std::string_view name) const;
    Result<fuse_attr_out> getattr(Ino ino) const;
    Result<std::string_view> readlink(Ino ino) const;
    /// Fills the buffer with fuse_dirent (fuse_direntplus) records from `offset` on, which came from an
    /// earlier record or is 0.
    /// @return bytes used, 0 at the end
    Result<size_t> readdir(Ino ino, uint64_t offset, std::span<char> buffer) const;
    Result<size_t> readdirplus(Ino ino, uint64_t offset, std::span<char> buffer) const;
    /// @return ENODATA where there is none
    Result<std::string> getxattr(Ino ino, std::string_view name) const;
    /// Names, each with a NUL.
    Result<std::string> listxattr(Ino ino) const;
    Result<size_t> read(Ino ino, uint64_t offset, std::span<char> buffer) const;
    fuse_statfs_out statfs() const;

    /// The directory where a node was found first; 0 for what is no node.
    Ino directory_of(Ino ino) const noexcept;
    /// Of a regular file, else 0.
    uint64_t file_size(Ino ino) const noexcept;
    /// The first file with content that follows `after` in a directory, in the order of its names (0: from
    /// the start); hard links to files elsewhere are left out. 0 where there is none, or none within max_skip
    /// nodes.
    Ino next_file(Ino dir, Ino after, unsigned max_skip) const noexcept;

    /// Whether any attribute can be had through this view; if not, the kernel need not ask.
    bool has_xattrs() const noexcept {
        return view_ != View::without_xattrs && (index_.flags() & kIndexHasXattrs);
    }
    bool has_acls() const noexcept { return has_xattrs() && (index_.flags() & kIndexHasAcls); }

  private:
    const Node* find(Ino ino) const noexcept;
    const Node* find_dir(Ino ino) const noexcept;
    bool shown(Ino ino) const noexcept { return leads_to_xattrs_.empty() || leads_to_xattrs_[ino - 1]; }
    void fill_entry(Ino ino, fuse_entry_out& to) const;
    template <class Add>
    void list(Ino ino, const Node& dir, uint64_t offset, Add add) const;

    const Index& index_;
    std::span<const sys::Fd> blobs_;
    const Owners& owners_;
    View view_;
    std::vector<bool> leads_to_xattrs_;  ///< of View::only_xattrs: which nodes are shown
    uint64_t content_size_ = 0;
};

}  // namespace rpod::overlay
