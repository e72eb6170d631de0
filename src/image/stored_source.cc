// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// An image of the store as a source of copies: its layers are compressed here, or go as they are.
#include <map>
#include <mutex>
#include <set>

#include "base/error.hh"
#include "image/compressed_layer.hh"
#include "image/copy_source.hh"
#include "image/parallel.hh"

namespace rpod::image {
namespace {

class StoredSource : public CopySource {
  public:
    StoredSource(const ImageStore& store, const Image& image, Staging& staging, Compression compression,
                 ManifestFormat format)
        : config_(store.read_blob(image.id, oci::kMaxConfigBytes)), tars_(store.open_layers(image)) {
        const bool is_oci = format == ManifestFormat::oci;
        manifest_ = oci::Manifest{
            .media_type = std::string(is_oci ? oci::media_type::kManifest : oci::media_type::kDockerManifest),
            .config = {.media_type =
                           std::string(is_oci ? oci::media_type::kConfig : oci::media_type::kDockerConfig),
                       .digest = image.id,
                       .size = config_.size()},
            .layers = std::vector<oci::Descriptor>(
                image.layers.size(),
                oci::Descriptor{.media_type = layer_type(format, compression), .digest = image.id})};
        run_parallel(image.layers.size(), [&](size_t i) {
            auto& out = manifest_->layers[i];
            const auto& layer = image.layers[i];
            if (compression == Compression::none) {
                out.digest = layer.diff_id;
                out.size = layer.size;
                return add(out, std::move(tars_[i]));
            }
            auto small = compress_layer(tars_[i].get(), layer.diff_id, compression, {}, staging.scratch());
            out.digest = small.digest;
            out.size = small.size;
            add(out, std::move(small.file));
        });
    }

    RawManifest manifest() override {
        return RawManifest::parse(oci::to_json(*manifest_), {}, "the image's manifest");
    }
    RawManifest manifest(const oci::Descriptor&) override {
        throw Error("internal error: an image of the store has no index");
    }
    std::unique_ptr<ByteSource> open_blob(const oci::Descriptor& blob) override {
        if (blob.digest == manifest_->config.digest) return std::make_unique<MemorySource>(config_);
        const auto it = files_.find(blob.digest);
        if (it == files_.end()) throw Error("internal error: no blob {}", blob.digest.str());
        return std::make_unique<FileSource>(it->second.get(), "layer " + blob.digest.str(), 0, blob.size);
    }

  private:
    void add(const oci::Descriptor& blob, sys::Fd file) {
        const std::lock_guard guard(mutex_);
        files_.emplace(blob.digest, std::move(file));
    }

    std::string config_;
    std::vector<sys::Fd> tars_;
    std::optional<oci::Manifest> manifest_;
    std::mutex mutex_;
    std::map<oci::Digest, sys::Fd> files_;
};

}  // namespace

std::unique_ptr<CopySource> open_stored(const ImageStore& store, const Image& image, Staging& staging,
                                        Compression compression, ManifestFormat format) {
    return std::make_unique<StoredSource>(store, image, staging, compression, format);
}

}  // namespace rpod::image
