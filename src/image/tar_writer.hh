// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "image/byte_source.hh"
#include "overlay/layer_entry.hh"

namespace rpod::image {

/// Takes the bytes of an archive in order.
using TarOutput = std::function<void(std::string_view)>;

/// Writes a tar archive front to back: ustar headers, each with a pax header before it where ustar cannot
/// hold a value (names over 100 bytes, large numbers, fractions of a second, xattrs). The same members give
/// the same bytes.
class TarWriter {
  public:
    explicit TarWriter(TarOutput output) : output_(std::move(output)) {}

    /// Adds one member; its extents are not looked at.
    /// @param content  of a regular file, read for entry.size bytes; what is missing is written as zeros,
    /// since a file can shrink while it is read
    /// @throws what the output and the content throw
    void add(const overlay::LayerEntry& entry, ByteSource* content = nullptr);

    /// Adds a regular file of entry.size bytes that is one hole (GNU's sparse format 0.1): all that a header
    /// says of it, and no content.
    void add_hole(const overlay::LayerEntry& entry);

    /// Adds a regular file whose content `copy` brings to where the output leads, entry.size bytes of it.
    /// What comes before has been put out by then.
    void add_copied(const overlay::LayerEntry& entry, const std::function<void()>& copy);

    /// Writes the end of the archive and what is still buffered.
    void finish();

  private:
    void put_headers(const std::string& records, const std::string& header);
    void write(std::string_view bytes);
    void write_headers(const overlay::LayerEntry& entry);
    void flush();
    void write_member(const std::string& header, std::string_view data);
    void write_content(uint64_t size, ByteSource* content);
    void pad(uint64_t size);

    TarOutput output_;
    std::string buffer_;
};

}  // namespace rpod::image
