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
    bool by_digest = false;  ///< the manifest gets no tag: an index will name it
    /// Send the very manifest with which the image came, or fail: the registry must have, or mount, its
    /// layers.
    bool preserve_digests = false;
};

/// The manifests with which an image came, that are not indexes, as text too.
std::vector<std::pair<std::string, oci::Manifest>> source_manifests(const ImageStore& store,
                                                                    const Image& image);

/// Sends an image to a registry: of its layers those that are not there. The store keeps layers uncompressed;
/// where the image came from a registry and all its blobs are at the target, the very manifest goes there.
/// @param to  with a tag, or a digest that is the one that comes out
/// @return what an index would say of the manifest that was written
oci::Descriptor push_image(const ImageStore& store, const Image& image, const oci::Reference& to,
                           const PushOptions& options, const Progress& progress);

}  // namespace rpod::image
