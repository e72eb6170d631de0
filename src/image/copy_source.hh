// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "image/byte_source.hh"
#include "image/compressed_layer.hh"
#include "image/place.hh"
#include "image/staging.hh"
#include "oci/manifest.hh"
#include "registry/client.hh"

namespace rpod::image {

/// A manifest or an index, its bytes as they are at its place.
struct RawManifest {
    std::string bytes;
    std::string media_type;
    oci::ManifestOrIndex parsed;

    oci::Digest digest() const;
    /// @param declared_type  what the place says of it; empty: nothing
    static RawManifest parse(std::string bytes, std::string_view declared_type, const std::string& what);
};

/// An image where it is, byte for byte. What an index or a manifest names is given with the digest that it
/// names; whoever reads a blob checks it.
class CopySource {
  public:
    virtual ~CopySource() = default;
    virtual RawManifest manifest() = 0;
    /// One that an index names, its digest checked.
    virtual RawManifest manifest(const oci::Descriptor& entry) = 0;
    /// Several threads may read, each its own.
    virtual std::unique_ptr<ByteSource> open_blob(const oci::Descriptor& blob) = 0;
    /// The registry and the repository, where it is one.
    virtual std::optional<oci::Reference> repository() const { return std::nullopt; }
    /// All tags of the repository, where it is one.
    virtual std::vector<std::string> tags() { return {}; }
};

/// The image, or that of an index for a platform. @throws Error where there is none, or indexes are nested
/// too deep
RawManifest choose_image(CopySource& source, const oci::Platform& platform);

/// A configuration, checked. @throws Error where it is larger than configurations are
std::string read_config(CopySource& source, const oci::Descriptor& config);

/// @param from     no image of the store
/// @param staging  has room for what must be decompressed; outlives the source
std::unique_ptr<CopySource> open_source(const Place& from, const registry::ClientOptions& options,
                                        Staging& staging);

/// An image of the store with its layers compressed anew, or not: its manifest is a new one.
std::unique_ptr<CopySource> open_stored(const ImageStore& store, const Image& image, Staging& staging,
                                        Compression compression, ManifestFormat format);

}  // namespace rpod::image
