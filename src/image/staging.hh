// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "image/image_store.hh"
#include "image/layer.hh"
#include "store/temporary.hh"

namespace rpod::image {

/// A layer that waits for its image.
struct StagedLayer {
    oci::Digest diff_id;
    uint64_t size = 0;
    std::optional<oci::Digest> source_digest{};  ///< of the bytes as they came, where they were hashed
    uint64_t source_size = 0;
};

/// An image as it was read from an archive, a directory or a registry.
struct NewImage {
    std::string config;                   ///< its bytes: the image ID is their digest
    std::vector<oci::Reference> names{};  ///< a missing tag is "latest"
    /// The bytes of the manifest, and of the indexes that led to it: kept so that repository@digest finds the
    /// image.
    std::vector<std::string> source_manifests{};
};

/// Images on their way into the store: layers are written to a directory of their own, which is locked while
/// this object lives; commit() brings everything into the store at once, or nothing.
class Staging {
  public:
    explicit Staging(const ImageStore& store);

    /// Writes a layer (image/layer.hh). Several threads may do so at the same time.
    /// @throws Error where it is malformed, or not what was expected
    StagedLayer add_layer(ByteSource& source, const LayerExpectation& expected);
    /// Takes a layer that the store has already, so that it stays even when its images are removed meanwhile.
    /// Nothing where it is not there.
    std::optional<StagedLayer> reuse_layer(const oci::Digest& diff_id);
    /// Puts a staged layer among the store's blobs already now. No image has it yet: a pull that is ended
    /// before its time leaves it to the next one, another pull under way need not fetch it, and the next
    /// removal of an image collects it where nobody wanted it.
    void keep_layer(const oci::Digest& diff_id) const;
    /// Removes what keep_layer kept, and all else that no image has.
    void discard_kept() const;

    /// Takes the image, all of whose layers must be staged; builds the chain index. @return the image's ID
    /// @throws Error where the configuration is malformed, or names a layer that is not there
    oci::Digest add_image(const NewImage& image);

    void commit();

    /// The directory itself: files without a name can be made there.
    int scratch() const { return dir_.fd(); }

  private:
    struct Layer {
        StagedLayer info;
        std::optional<overlay::LayerScan> scan;
    };
    struct Blob {
        oci::Digest digest;
        std::string bytes;
    };
    struct Entry {
        oci::Descriptor manifest;
        std::vector<oci::Digest> sources;
        std::vector<oci::Reference> names;
    };
    struct ChainIndex {
        std::string name;
        store::TemporaryFile file;
    };

    std::filesystem::path path_of(const oci::Digest& diff_id) const { return dir_.path() / diff_id.hex(); }
    const overlay::LayerScan& scan_of(Layer& layer) const;
    oci::Digest add_blob(std::string bytes);
    void build_chain_index(const std::vector<StoredLayer>& layers);
    void move_layers() const;
    void write_blobs() const;

    const ImageStore& store_;
    store::TemporaryDir dir_;
    std::mutex mutex_;  ///< of layers_
    std::map<oci::Digest, Layer> layers_;
    std::vector<Blob> blobs_;
    std::vector<ChainIndex> indexes_;
    std::vector<Entry> entries_;
    std::set<oci::Digest> wanted_;  ///< layers of the images; an archive may hold others
};

}  // namespace rpod::image
