// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "image/compress.hh"
#include "oci/digest.hh"
#include "oci/manifest.hh"
#include "sys/fd.hh"

/// Layers in the form in which they leave the store.
namespace rpod::image {

enum class ManifestFormat { oci, v2s2 };

/// The media type of a layer in a manifest of that format.
std::string layer_type(ManifestFormat format, Compression compression);
/// How a layer of a manifest is compressed, by its media type.
Compression compression_of(const oci::Descriptor& layer);

struct CompressedLayer {
    oci::Digest digest;
    uint64_t size;
    sys::Fd file;  ///< without a name: it is gone when this is
};

/// Compresses a layer of the store. @param tar  borrowed. @param scratch  the directory whose file system
/// takes the file. @throws Error, also where there is no room
CompressedLayer compress_layer(int tar, const oci::Digest& diff_id, Compression compression,
                               std::optional<int> level, int scratch);

}  // namespace rpod::image
