// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// What `docker save` and `podman save` write: manifest.json lists images with the members that are their
// configuration and layers. The older "repositories" file is not read.
//
//     [{"Config": "HEX.json", "RepoTags": ["debian:12"], "Layers": ["HEX/layer.tar", …]}]
#include <algorithm>

#include "base/error.hh"
#include "base/json.hh"
#include "base/strings.hh"
#include "image/compress.hh"
#include "image/compressed_layer.hh"
#include "image/docker_source.hh"
#include "image/sha256.hh"
#include "image/transfer.hh"

namespace rpod::image {
namespace {

constexpr size_t kMaxImages = 1024;

struct ArchiveImage {
    std::string config;
    std::vector<std::string> tags;
    std::vector<std::string> layers;
};

std::vector<ArchiveImage> read_list(ImageFiles& files) {
    const auto list =
        json::Value::parse(files.document("manifest.json", oci::kMaxManifestBytes), "manifest.json",
                           json::Limits{.max_bytes = oci::kMaxManifestBytes, .max_depth = 16});
    if (list.count() > kMaxImages) throw Error("manifest.json: more than {} images", kMaxImages);
    std::vector<ArchiveImage> images;
    for (const auto& item : list.elements()) {
        ArchiveImage image{
            .config = item.at("Config").as_string(), .tags = item.strings_or_empty("RepoTags"), .layers = {}};
        const auto layers = item.find("Layers");
        if (layers && layers->count() > oci::kMaxLayers) throw Error("{}: too many layers", layers->path());
        if (layers) image.layers = layers->as_strings();
        images.push_back(std::move(image));
    }
    return images;
}

bool has_tag(const ArchiveImage& image, const oci::Reference& wanted) {
    return std::any_of(image.tags.begin(), image.tags.end(), [&](const std::string& tag) {
        const auto name = oci::Reference::try_parse(tag);
        return name && name->with_default_tag() == wanted;
    });
}

std::vector<ArchiveImage> select(std::vector<ArchiveImage> images, const Selection& selection) {
    if (selection.position) {
        if (*selection.position >= images.size()) {
            throw Error("there is no image @{}: the archive has {}", *selection.position, images.size());
        }
        return {images[*selection.position]};
    }
    if (selection.name.empty()) return images;
    const auto wanted = oci::Reference::parse(selection.name).with_default_tag();
    for (auto& image : images) {
        if (!has_tag(image, wanted)) continue;
        image.tags = {wanted.str()};
        return {std::move(image)};
    }
    throw Error("the archive has no image '{}'", wanted.str());
}

NewImage read_image(ImageFiles& files, const ArchiveImage& image, std::vector<LayerFile>& layers) {
    NewImage out{.config = files.document(image.config, oci::kMaxConfigBytes)};
    const auto config = oci::ImageConfig::parse(out.config);
    if (config.diff_ids.size() != image.layers.size()) {
        throw Error("manifest.json lists {} layers, the configuration {}", image.layers.size(),
                    config.diff_ids.size());
    }
    for (size_t i = 0; i < image.layers.size(); ++i) {
        LayerExpectation expected;
        expected.diff_id = config.diff_ids[i];
        layers.push_back(LayerFile{
            .name = image.layers[i], .digest = config.diff_ids[i], .expected = std::move(expected)});
    }
    for (const auto& tag : image.tags) out.names.push_back(oci::Reference::parse(tag).with_default_tag());
    return out;
}

}  // namespace

std::vector<NewImage> read_docker_archive(ImageFiles& files, Staging& staging, const Selection& selection,
                                          const Progress& progress) {
    std::vector<NewImage> out;
    std::vector<LayerFile> layers;
    for (const auto& image : select(read_list(files), selection))
        out.push_back(read_image(files, image, layers));
    stage_layers(files, staging, layers, progress);
    for (const auto& image : out) progress("Copying config " + sha256(image.config).str());
    return out;
}

namespace {

/// A compressed member, read through.
class DecompressedMember : public ByteSource {
  public:
    DecompressedMember(std::unique_ptr<ByteSource> member) : member_(std::move(member)), start_(*member_) {
        plain_ = open_decompressor(start_, detect_compression(start_.start()));
    }
    size_t read(std::span<char> into) override { return plain_->read(into); }

  private:
    std::unique_ptr<ByteSource> member_;
    PeekSource start_;
    std::unique_ptr<ByteSource> plain_;
};

uint64_t layer_size(ImageFiles& files, const std::string& member) {
    auto open = files.open(member);
    if (detect_compression(PeekSource(*open.bytes).start()) == Compression::none) return open.size;
    return open_docker_layer(files, member)->skip(UINT64_MAX);
}

}  // namespace

std::unique_ptr<ByteSource> open_docker_layer(ImageFiles& files, const std::string& member) {
    return std::make_unique<DecompressedMember>(files.open(member).bytes);
}

DockerParts read_docker_parts(ImageFiles& files, const Selection& selection) {
    const auto images = select(read_list(files), selection);
    if (images.size() != 1) {
        throw Error("the archive has {} images, choose one", images.size())
            .with_hint("docker-archive:PATH:NAME:TAG, or docker-archive:PATH:@0 for the first");
    }
    std::vector<LayerFile> layers;
    auto image = read_image(files, images.front(), layers);
    DockerParts parts{.manifest = {.media_type = std::string(oci::media_type::kDockerManifest),
                                   .config = {.media_type = std::string(oci::media_type::kDockerConfig),
                                              .digest = sha256(image.config),
                                              .size = image.config.size()},
                                   .layers = {}},
                      .config = image.config,
                      .files = {}};
    for (const auto& layer : layers) {
        const auto& diff_id = *layer.expected.diff_id;
        parts.files.emplace(diff_id, layer.name);
        parts.manifest.layers.push_back({.media_type = layer_type(ManifestFormat::v2s2, Compression::none),
                                         .digest = diff_id,
                                         .size = layer_size(files, layer.name)});
    }
    return parts;
}

}  // namespace rpod::image
