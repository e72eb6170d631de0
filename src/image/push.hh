// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>

#include "image/compress.hh"
#include "image/compressed_layer.hh"
#include "image/image_store.hh"
#include "image/transfer.hh"
#include "registry/client.hh"

/// Images to registries.
namespace rpod::image {

struct PushOptions {
    registry::ClientOptions client;
    /// Nothing: that of the manifest with which the image came; OCI.
    std::optional<ManifestFormat> format{};
    /// Nothing: layers that the registry has, or that can be mounted, as they are; others as gzip.
    std::optional<Compression> compression{};
    std::optional<int> level{};
};

/// Sends an image to a registry: of its layers those that are not there. The store keeps layers uncompressed;
/// where the image came from a registry and all its blobs are at the target, the very manifest goes there.
/// @param to  with a tag, or a digest that is the one that comes out
/// @return the digest of the manifest that was written
oci::Digest push_image(const ImageStore& store, const Image& image, const oci::Reference& to,
                       const PushOptions& options, const Progress& progress);

}  // namespace rpod::image
