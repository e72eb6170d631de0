// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "image/byte_source.hh"

namespace rpod::image {

/// Where the files of an image are written to: a directory, or an archive of one. The counterpart of
/// ImageFiles. Names are ours: relative paths.
class ImageSink {
  public:
    virtual ~ImageSink() = default;
    virtual void add_document(const std::string& name, std::string_view text) = 0;
    /// The first `size` bytes of a regular file (borrowed). @throws SysError
    virtual void add_file(const std::string& name, int fd, uint64_t size) = 0;
    /// As many bytes of the source. @throws what it throws, and Error where there are less
    virtual void add_bytes(const std::string& name, ByteSource& source, uint64_t size) = 0;
    /// Nothing is added after this.
    virtual void finish() = 0;
};

/// A tar archive; the same files give the same bytes. @param fd  borrowed; `what` names it in errors
std::unique_ptr<ImageSink> open_archive_sink(int fd, std::string what);
/// @param dir  borrowed, of an empty directory
std::unique_ptr<ImageSink> open_directory_sink(int dir);

}  // namespace rpod::image
