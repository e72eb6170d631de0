// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>

#include "image/compressed_layer.hh"
#include "image/copy_source.hh"
#include "image/copy_target.hh"
#include "image/push.hh"
#include "image/transfer.hh"

/// Images between registries, layouts, directories, archives and the store.
namespace rpod::image {

struct CopyOptions {
    bool all = false;  ///< all images of an index, and the index; else the one of `platform`
    /// Another format of the manifest, where it has not that already; its digest changes then.
    std::optional<ManifestFormat> format{};
    bool preserve_digests = false;  ///< fail where a digest would change
    oci::Platform platform = oci::host_platform();
    registry::ClientOptions from{}, to{};
    std::string policy_file{};
};

/// Copies what `from` names. Manifests arrive byte for byte unless a format is asked for or one of the places
/// is the store, or a docker archive, which have none of their own; blobs that the target has are not sent.
/// @return the digest of the manifest or index that was written
oci::Digest copy_image(const ImageStore& store, const Place& from, const Place& to,
                       const CopyOptions& options, const Progress& progress);

/// An image of the store to any place: what push does.
oci::Digest copy_stored(const ImageStore& store, const Image& image, const Place& to,
                        const PushOptions& options, const Progress& progress);

/// An image's blobs to a directory, a layout or an archive of one: as it came, where all of its blobs are
/// there already; else compressed as the options or the place's custom say.
/// @param to  what `target` is. @return the manifest that goes with them, for the caller to put there
RawManifest send_stored(const ImageStore& store, const Image& image, const Place& to, CopyTarget& target,
                        Staging& staging, const PushOptions& options, const Progress& progress);

/// A manifest list of the store with all of its images or, without `all`, by itself.
oci::Digest push_list(const ImageStore& store, const Image& list, const Place& to, const PushOptions& options,
                      bool all, const Progress& progress);

/// One image, or those of an index, their blobs before their manifests.
class Copier {
  public:
    Copier(CopyTarget& target, std::optional<ManifestFormat> format, bool preserve_digests,
           const Progress& progress)
        : target_(target), format_(format), preserve_digests_(preserve_digests), progress_(progress) {}

    /// Sends the blobs. @return the manifest that goes with them
    RawManifest send_image(CopySource& source, const RawManifest& manifest);
    /// Sends all images of an index. @return the index that goes with them
    RawManifest send_index(CopySource& source, const RawManifest& index);
    /// In the format asked for, or the same bytes.
    RawManifest convert(const RawManifest& manifest) const;

  private:
    void send_blob(CopySource& source, const oci::Descriptor& blob, const char* kind);

    CopyTarget& target_;
    std::optional<ManifestFormat> format_;
    bool preserve_digests_;
    const Progress& progress_;
    int depth_ = 0;  ///< of nested indexes
};

}  // namespace rpod::image
