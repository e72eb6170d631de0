// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <memory>
#include <optional>

#include "image/byte_source.hh"
#include "image/compress.hh"

namespace rpod::image {

/// The compressed bytes of `source` (borrowed); for `none` those of the source itself. The same bytes and
/// level always give the same result.
/// @param level  of the format; nothing: 6 for gzip, 3 for zstd
/// @throws Error for a format that is not written (only gzip and zstd are), or a level that it has not
std::unique_ptr<ByteSource> open_compressor(ByteSource& source, Compression compression,
                                            std::optional<int> level = std::nullopt);

}  // namespace rpod::image
