// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"
#include "overlay/attr.hh"
#include "overlay/image_layer.hh"
#include "overlay/index.hh"
#include "sys/fd.hh"

namespace rpod::overlay {

/// The st_dev that files of an image have: no file system's.
constexpr dev_t kImageDevice = ~dev_t{0};

/// An image as the lowest layer of a writable overlay: answers from the chain index, contents from the
/// layers, nothing by name from a file system. Numbers of nodes that it is asked for come from it. Used by
/// several threads.
class ImageSource {
  public:
    /// @param blobs  as the index was built
    ImageSource(Index index, std::vector<sys::Fd> blobs, Owners owners);
    ImageSource(const ImageSource&) = delete;
    ImageSource& operator=(const ImageSource&) = delete;

    std::optional<Ino> lookup(Ino dir, std::string_view name) const noexcept {
        return index_.lookup(dir, name);
    }
    /// With kImageDevice and the node's number.
    struct stat stat(Ino ino) const noexcept;
    std::span<const DirEntry> entries(Ino dir) const noexcept { return index_.entries(index_.node(dir)); }
    std::string_view name(const DirEntry& entry) const noexcept { return index_.name(entry); }
    std::string_view readlink(Ino ino) const noexcept { return index_.target(index_.node(ino)); }
    Result<std::string> getxattr(Ino ino, std::string_view name) const { return layer_.getxattr(ino, name); }
    Result<std::string> listxattr(Ino ino) const { return layer_.listxattr(ino); }

    /// Where the content of a regular file lies in one piece; nothing where it does not.
    struct Run {
        int blob;  ///< borrowed
        off_t at;
        uint64_t size;
    };
    std::optional<Run> find_run(Ino ino) const noexcept;
    Result<size_t> read(Ino ino, uint64_t offset, std::span<char> buffer) const {
        return layer_.read(ino, offset, buffer);
    }
    /// As lseek(2) with SEEK_DATA and SEEK_HOLE.
    Result<off_t> seek(Ino ino, off_t offset, int whence) const noexcept;

    /// Makes a copy of a node, a directory without what is in it. @return 0 or an errno
    int copy(Ino ino, int dir, const std::string& name, bool with_content) const;

  private:
    const Index index_;
    const std::vector<sys::Fd> blobs_;
    const Owners owners_;
    const ImageLayer layer_;
};

}  // namespace rpod::overlay
