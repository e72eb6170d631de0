// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// OCI image layouts (image-spec image-layout.md), in a directory or an archive, and skopeo's dir: format.
#include <algorithm>

#include "base/error.hh"
#include "base/json.hh"
#include "base/strings.hh"
#include "image/sha256.hh"
#include "image/transfer.hh"

namespace rpod::image {
namespace {

constexpr size_t kMaxImages = 1024;

/// containerd's annotation for a full name; ref.name holds only the tag then.
constexpr const char* kContainerdName = "io.containerd.image.name";

std::string read_blob(ImageFiles& files, const BlobNames& names, const oci::Descriptor& blob,
                      size_t max_bytes) {
    if (blob.size > max_bytes) {
        throw Error("blob {} has {} bytes, more than the {} allowed", blob.digest.str(), blob.size,
                    max_bytes);
    }
    auto text = files.find_document(names.of(blob.digest), max_bytes);
    if (!text) throw Error("blob {} is missing", blob.digest.str());
    if (text->size() != blob.size) {
        throw Error("blob {} has {} bytes instead of {}", blob.digest.str(), text->size(), blob.size);
    }
    if (const auto found = sha256(*text); found != blob.digest) {
        throw Error("blob {} has the digest {}", blob.digest.str(), found.str());
    }
    return *std::move(text);
}

/// Follows indexes to the platform's manifest. The bytes of all of them, the manifest's first, go to
/// `sources`.
oci::Manifest find_manifest(ImageFiles& files, const BlobNames& names, const oci::Descriptor& start,
                            const oci::Platform& platform, std::vector<std::string>& sources) {
    oci::Descriptor at = start;
    for (int depth = 0; depth <= oci::kMaxIndexDepth; ++depth) {
        std::string text = read_blob(files, names, at, oci::kMaxManifestBytes);
        const auto parsed = oci::parse_manifest_or_index(text, at.media_type, "manifest " + at.digest.str());
        sources.insert(sources.begin(), std::move(text));
        if (const auto* manifest = std::get_if<oci::Manifest>(&parsed)) return *manifest;
        at = oci::choose_platform(std::get<oci::Index>(parsed), platform);
    }
    throw Error("indexes are nested deeper than {} levels", oci::kMaxIndexDepth);
}

std::string annotation(const oci::Descriptor& descriptor, std::string_view key) {
    const auto it = descriptor.annotations.find(std::string(key));
    return it == descriptor.annotations.end() ? std::string() : it->second;
}

std::string name_of(const oci::Descriptor& descriptor) {
    std::string full = annotation(descriptor, kContainerdName);
    return full.empty() ? annotation(descriptor, oci::kRefNameAnnotation) : full;
}

bool has_name(const oci::Descriptor& descriptor, const std::string& name) {
    return annotation(descriptor, oci::kRefNameAnnotation) == name ||
           annotation(descriptor, kContainerdName) == name;
}

bool is_name(const std::string& name, const Selection& selection) {
    return !name.empty() && (!selection.bare_names_are_tags || name.find_first_of(":/") != std::string::npos);
}

void check_layout_version(ImageFiles& files) {
    const auto text = files.find_document("oci-layout", 4096);
    if (!text) throw Error("'oci-layout' is missing");
    const auto version = json::Value::parse(*text, "oci-layout").at("imageLayoutVersion").as_string();
    if (!version.starts_with("1."))
        throw Error("oci-layout: version '{}' is not supported", printable(version));
}

std::vector<oci::Descriptor> select(const oci::Index& index, const Selection& selection) {
    std::vector<oci::Descriptor> found;
    std::vector<std::string> names;
    for (const auto& descriptor : index.manifests) {
        if (!oci::is_manifest_type(descriptor.media_type) && !oci::is_index_type(descriptor.media_type))
            continue;
        names.push_back(name_of(descriptor).empty() ? "(no name)" : printable(name_of(descriptor)));
        if (selection.name.empty() || has_name(descriptor, selection.name)) found.push_back(descriptor);
    }
    if (found.empty() && selection.name.empty()) throw Error("index.json lists no image");
    const std::string all = join(names, ", ").substr(0, 1000);
    if (found.empty()) throw Error("index.json has no image '{}', only: {}", printable(selection.name), all);
    if (selection.single && found.size() > 1) {
        throw Error("index.json lists several images, choose one: {}", all);
    }
    if (found.size() > kMaxImages) throw Error("index.json lists more than {} images", kMaxImages);
    return found;
}

}  // namespace

NewImage read_manifest_image(ImageFiles& files, const BlobNames& names, const oci::Manifest& manifest,
                             std::vector<LayerFile>& layers) {
    if (!oci::is_config_type(manifest.config.media_type)) {
        throw Error("its configuration has media type '{}': it is an artifact and not an image",
                    printable(manifest.config.media_type));
    }
    NewImage image{.config = read_blob(files, names, manifest.config, oci::kMaxConfigBytes)};
    const auto config = oci::ImageConfig::parse(image.config);
    if (config.diff_ids.size() != manifest.layers.size()) {
        throw Error("the manifest lists {} layers, the configuration {}", manifest.layers.size(),
                    config.diff_ids.size());
    }
    for (size_t i = 0; i < manifest.layers.size(); ++i) {
        const auto& layer = manifest.layers[i];
        oci::require_layer_type(layer);
        LayerExpectation expected;
        expected.digest = layer.digest;
        expected.size = layer.size;
        expected.diff_id = config.diff_ids[i];
        layers.push_back(LayerFile{
            .name = names.of(layer.digest), .digest = layer.digest, .expected = std::move(expected)});
    }
    return image;
}

oci::Descriptor find_in_layout(ImageFiles& files, const Selection& selection) {
    check_layout_version(files);
    const auto index =
        oci::parse_index(files.document("index.json", oci::kMaxManifestBytes), {}, "index.json");
    return select(index, selection).front();
}

std::vector<NewImage> read_oci_layout(ImageFiles& files, Staging& staging, const Selection& selection,
                                      const Progress& progress) {
    check_layout_version(files);
    const auto index =
        oci::parse_index(files.document("index.json", oci::kMaxManifestBytes), {}, "index.json");
    const BlobNames names{.prefix = "blobs/sha256/"};
    std::vector<NewImage> out;
    std::vector<LayerFile> layers;
    for (const auto& descriptor : select(index, selection)) {
        std::vector<std::string> sources;
        const auto manifest = find_manifest(files, names, descriptor, selection.platform, sources);
        out.push_back(read_manifest_image(files, names, manifest, layers));
        out.back().source_manifests = std::move(sources);
        if (const auto name = name_of(descriptor); is_name(name, selection)) {
            out.back().names.push_back(oci::Reference::parse_local(name).with_default_tag());
        }
    }
    stage_layers(files, staging, layers, progress);
    for (const auto& image : out) progress("Copying config " + sha256(image.config).str());
    return out;
}

std::vector<NewImage> read_blob_directory(ImageFiles& files, Staging& staging, const Selection& selection,
                                          const Progress& progress) {
    const BlobNames names{.prefix = {}};
    std::string text = files.document("manifest.json", oci::kMaxManifestBytes);
    const auto parsed = oci::parse_manifest_or_index(text, {}, "manifest.json");
    std::vector<std::string> sources{std::move(text)};
    const auto* index = std::get_if<oci::Index>(&parsed);
    // Indexes have their manifests beside them under another name (HEX.manifest.json).
    const oci::Manifest manifest =
        index ? oci::parse_manifest(files.document(
                    oci::choose_platform(*index, selection.platform).digest.hex() + ".manifest.json",
                    oci::kMaxManifestBytes))
              : std::get<oci::Manifest>(parsed);
    std::vector<LayerFile> layers;
    NewImage image = read_manifest_image(files, names, manifest, layers);
    image.source_manifests = std::move(sources);
    stage_layers(files, staging, layers, progress);
    progress("Copying config " + sha256(image.config).str());
    std::vector<NewImage> out;
    out.push_back(std::move(image));
    return out;
}

}  // namespace rpod::image
