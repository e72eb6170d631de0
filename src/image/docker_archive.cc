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

}  // namespace rpod::image
