// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "image/byte_source.hh"

namespace rpod::image {

enum class Compression : uint8_t { none, gzip, zstd, xz, bzip2 };

std::string_view to_string(Compression compression);

/// How many bytes detect_compression() wants to see.
constexpr size_t kCompressionMagic = 6;

/// By the first bytes; names and media types are hints that are often wrong. What it does not know is `none`.
Compression detect_compression(std::string_view start);

/// The decompressed bytes of `source` (borrowed; for `none` those of the source itself). Members, frames and
/// streams that follow each other are one stream; anything else behind the end is an error, as it is for Go's
/// readers. The source is read to its end. Reading @throws Error for a malformed or truncated stream, one
/// that asks for more than 256 MiB of window, and one that gives more than max_output bytes.
std::unique_ptr<ByteSource> open_decompressor(ByteSource& source, Compression compression,
                                              uint64_t max_output = UINT64_MAX);

/// Another source with a look at its first bytes.
class PeekSource : public ByteSource {
  public:
    /// Reads up to `size` bytes of `source` (borrowed).
    explicit PeekSource(ByteSource& source, size_t size = kCompressionMagic);
    std::string_view start() const { return start_; }
    size_t read(std::span<char> into) override;

  private:
    ByteSource& source_;
    std::string start_;
    size_t given_ = 0;
};

}  // namespace rpod::image
