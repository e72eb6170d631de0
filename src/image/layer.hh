// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "image/byte_source.hh"
#include "image/compress.hh"
#include "image/tar_reader.hh"
#include "oci/digest.hh"
#include "overlay/layer_entry.hh"

namespace rpod::image {

/// What is known of a layer before it comes, and its bounds.
struct LayerExpectation {
    std::optional<oci::Digest>
        digest;  ///< of the bytes as they come, compressed or not: the manifest's descriptor
    std::optional<uint64_t> size;        ///< of the same
    std::optional<oci::Digest> diff_id;  ///< of the uncompressed tar: the image's configuration
    uint64_t max_size = UINT64_MAX;      ///< of the uncompressed tar
    TarLimits limits;
};

/// What one pass over a layer told.
struct WrittenLayer {
    oci::Digest diff_id;
    uint64_t size = 0;  ///< of the uncompressed tar
    Compression compression = Compression::none;
    /// Of the bytes as they came; nothing for compressed ones of which no digest was expected.
    std::optional<oci::Digest> source_digest;
    uint64_t source_size = 0;
    overlay::LayerScan scan;
};

/// Reads a layer from `source`, to its end, and writes it in the store's form, an uncompressed tar, to the
/// empty file `fd` (both borrowed): decompress, hash, write and scan in one pass, by threads that have ended
/// when this returns. The source is read by the calling thread. Long runs of zeros become holes of the file.
/// The caller owns the file, gives it its name (the diff ID) or, on failure, removes it:
/// store::TemporaryFile.
/// @throws Error for a malformed archive, for what contradicts the expectation, for a full disk
WrittenLayer write_layer(ByteSource& source, int fd, const LayerExpectation& expected = {});

/// The scan of a stored layer (an uncompressed tar), by its headers alone. `what` names it in errors.
overlay::LayerScan scan_layer_file(int fd, const std::string& what, TarLimits limits = {});

}  // namespace rpod::image
