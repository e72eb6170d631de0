// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "image/staging.hh"

namespace rpod::image {

/// The files of a foreign image: a directory, or an archive of one. Names are relative paths from foreign
/// documents; they are looked up, never resolved by the host.
class ImageFiles {
  public:
    virtual ~ImageFiles() = default;
    /// A small file, whole; nothing where there is none. @throws Error where it is larger
    virtual std::optional<std::string> find_document(const std::string& name, size_t max_bytes) = 0;
    /// Brings a file, which is a layer, into the staging area, if it was not brought there when the archive
    /// was read.
    /// @throws Error where it is missing, malformed or not what was expected
    virtual StagedLayer stage_layer(const std::string& name, const LayerExpectation& expected) = 0;
    /// A file's bytes as they are, for one who does not stage them. @throws Error where it is missing, or was
    /// a part of a stream
    struct OpenFile {
        std::unique_ptr<ByteSource> bytes;
        uint64_t size = 0;
    };
    virtual OpenFile open(const std::string& name);
    /// Whether stage_layer reads only now, and may be called by several threads.
    virtual bool random_access() const = 0;

    /// As find_document. @throws Error where there is none
    std::string document(const std::string& name, size_t max_bytes);
};

/// A directory. @throws SysError
std::unique_ptr<ImageFiles> open_image_directory(const std::string& path, Staging& staging);

/// An archive, plain or compressed; `what` names it in errors. A plain file is read where it is needed.
/// Everything else comes once and in any order, so its layers are all staged here, before anybody knows which
/// of them the image has.
std::unique_ptr<ImageFiles> open_image_archive(int fd, const std::string& what, Staging& staging);

/// Parts of the above. A file that can be read at any place, not compressed:
std::unique_ptr<ImageFiles> open_seekable_archive(int fd, const std::string& what, Staging& staging);
/// A stream, decompressed:
std::unique_ptr<ImageFiles> read_stream_archive(ByteSource& source, const std::string& what,
                                                Staging& staging);

/// Where a link in an archive leads: the text of a symbolic link, seen from its own directory.
std::string resolve_member_link(const std::string& member, const std::string& target);

}  // namespace rpod::image
