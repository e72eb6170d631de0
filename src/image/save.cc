// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/save.hh"

#include <map>
#include <mutex>
#include <set>

#include "base/error.hh"
#include "base/json.hh"
#include "image/compressed_layer.hh"
#include "image/parallel.hh"
#include "image/sha256.hh"
#include "store/temporary.hh"

namespace rpod::image {
namespace {

/// An image with all that is read of it.
struct OpenImage {
    const ImageToSave& wanted;
    std::string config;
    std::vector<sys::Fd> layers;

    const Image& image() const { return wanted.image; }
};

OpenImage open_image(const ImageStore& store, const ImageToSave& wanted) {
    return {.wanted = wanted,
            .config = store.read_blob(wanted.image.id, oci::kMaxConfigBytes),
            .layers = store.open_layers(wanted.image)};
}

/// The files of one archive or directory: what images share is written once.
class Files {
  public:
    Files(ImageSink& sink, const Progress& progress) : sink_(sink), progress_(progress) {}

    void add_layer(const std::string& name, const oci::Digest& digest, int fd, uint64_t size) {
        if (!written_.insert(name).second) return;
        progress_("Copying blob " + digest.str());
        sink_.add_file(name, fd, size);
    }

    void add_config(const std::string& name, const OpenImage& open) {
        if (!written_.insert(name).second) return;
        progress_("Copying config " + open.image().id.str());
        sink_.add_document(name, open.config);
    }

    void add_manifest(const std::string& name, const std::string& text) {
        if (!written_.insert(name).second) return;
        progress_("Writing manifest to image destination");
        sink_.add_document(name, text);
    }

  private:
    ImageSink& sink_;
    const Progress& progress_;
    std::set<std::string> written_;
};

std::string docker_layer_name(const oci::Digest& diff_id) { return diff_id.hex() + ".tar"; }
std::string docker_config_name(const Image& image) { return image.id.hex() + ".json"; }

std::string docker_list(const std::vector<OpenImage>& images) {
    auto list = json::Builder::array();
    for (const auto& open : images) {
        auto tags = json::Builder::array();
        for (const auto& name : open.wanted.names) tags.push(name.str());
        auto layers = json::Builder::array();
        for (const auto& layer : open.image().layers) layers.push(docker_layer_name(layer.diff_id));
        auto entry = json::Builder::object();
        entry.set("Config", docker_config_name(open.image()));
        entry.set("RepoTags", std::move(tags));
        entry.set("Layers", std::move(layers));
        list.push(std::move(entry));
    }
    return list.dump();
}

/// What docker save writes since 1.10: manifest.json, which names a configuration and layers for each image.
/// It comes first, for those who read a stream.
void save_docker_archive(const std::vector<OpenImage>& images, Files& files) {
    files.add_manifest("manifest.json", docker_list(images));
    for (const auto& open : images) {
        files.add_config(docker_config_name(open.image()), open);
        for (size_t i = 0; i < open.layers.size(); ++i) {
            const auto& layer = open.image().layers[i];
            files.add_layer(docker_layer_name(layer.diff_id), layer.diff_id, open.layers[i].get(),
                            layer.size);
        }
    }
}

/// Layers as gzip, several at a time, each once.
class CompressedLayers {
  public:
    CompressedLayers(const ImageStore& store, const std::vector<OpenImage>& images)
        : scratch_(make_scratch(store)) {
        std::map<oci::Digest, int> tars;
        for (const auto& open : images) {
            for (size_t i = 0; i < open.layers.size(); ++i)
                tars.emplace(open.image().layers[i].diff_id, open.layers[i].get());
        }
        const std::vector<std::pair<oci::Digest, int>> work(tars.begin(), tars.end());
        run_parallel(work.size(), [&](size_t i) {
            const auto& [diff_id, tar] = work[i];
            auto layer = compress_layer(tar, diff_id, Compression::gzip, {}, scratch_.fd());
            const std::lock_guard guard(mutex_);
            layers_.emplace(diff_id, std::move(layer));
        });
    }

    const CompressedLayer& of(const oci::Digest& diff_id) const { return layers_.at(diff_id); }

  private:
    static store::TemporaryDir make_scratch(const ImageStore& store) {
        const auto lock = store::StoreLock::acquire(store.paths(), sys::LockKind::shared);
        return store::TemporaryDir(store.paths().oci(), lock);
    }

    store::TemporaryDir scratch_;
    std::mutex mutex_;
    std::map<oci::Digest, CompressedLayer> layers_;
};

/// Writes configuration and layers. @return the manifest
oci::Manifest save_blobs(const OpenImage& open, const CompressedLayers* compressed, ManifestFormat format,
                         const BlobNames& names, Files& files) {
    const bool is_oci = format == ManifestFormat::oci;
    oci::Manifest manifest{
        .media_type = std::string(is_oci ? oci::media_type::kManifest : oci::media_type::kDockerManifest),
        .config = {.media_type =
                       std::string(is_oci ? oci::media_type::kConfig : oci::media_type::kDockerConfig),
                   .digest = open.image().id,
                   .size = open.config.size()},
        .layers = {}};
    const std::string type = layer_type(format, compressed ? Compression::gzip : Compression::none);
    for (size_t i = 0; i < open.layers.size(); ++i) {
        const auto& stored = open.image().layers[i];
        const auto* small = compressed ? &compressed->of(stored.diff_id) : nullptr;
        const oci::Descriptor layer{.media_type = type,
                                    .digest = small ? small->digest : stored.diff_id,
                                    .size = small ? small->size : stored.size};
        files.add_layer(names.of(layer.digest), layer.digest,
                        small ? small->file.get() : open.layers[i].get(), layer.size);
        manifest.layers.push_back(layer);
    }
    files.add_config(names.of(open.image().id), open);
    return manifest;
}

void save_oci_layout(const std::vector<OpenImage>& images, const CompressedLayers* compressed,
                     ImageSink& sink, Files& files) {
    const BlobNames names{.prefix = "blobs/sha256/"};
    oci::Index index{.media_type = std::string(oci::media_type::kIndex), .manifests = {}};
    sink.add_document("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    for (const auto& open : images) {
        const auto text = oci::to_json(save_blobs(open, compressed, ManifestFormat::oci, names, files));
        oci::Descriptor entry{.media_type = std::string(oci::media_type::kManifest),
                              .digest = sha256(text),
                              .size = text.size()};
        files.add_manifest(names.of(entry.digest), text);
        if (open.wanted.names.empty()) index.manifests.push_back(entry);
        for (const auto& name : open.wanted.names) {
            entry.annotations[std::string(oci::kRefNameAnnotation)] = name.str();
            index.manifests.push_back(entry);
        }
    }
    sink.add_document("index.json", oci::to_json(index));
}

/// skopeo's dir: format.
void save_blob_directory(const OpenImage& open, const CompressedLayers* compressed, ImageSink& sink,
                         Files& files) {
    sink.add_document("version", "Directory Transport Version: 1.1\n");
    const auto manifest = save_blobs(open, compressed, ManifestFormat::v2s2, {.prefix = {}}, files);
    files.add_manifest("manifest.json", oci::to_json(manifest));
}

}  // namespace

void save_images(const ImageStore& store, const std::vector<ImageToSave>& images, ImageSink& sink,
                 const SaveOptions& options, const Progress& progress) {
    std::vector<OpenImage> open;
    for (const auto& image : images) open.push_back(open_image(store, image));
    std::optional<CompressedLayers> compressed;
    if (options.compress && options.format != Format::docker_archive) compressed.emplace(store, open);
    const CompressedLayers* layers = compressed ? &*compressed : nullptr;
    Files files(sink, progress);
    switch (options.format) {
        case Format::docker_archive:
            save_docker_archive(open, files);
            break;
        case Format::oci_layout:
            save_oci_layout(open, layers, sink, files);
            break;
        case Format::blob_directory:
            if (open.size() != 1) throw Error("a directory of this format holds one image");
            save_blob_directory(open.front(), layers, sink, files);
            break;
    }
    sink.finish();
}

}  // namespace rpod::image
