// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/commit.hh"

#include "base/error.hh"
#include "base/strings.hh"
#include "base/time.hh"
#include "container/commit_config.hh"
#include "container/covered_paths.hh"
#include "container/create.hh"
#include "container/layer_archive.hh"
#include "container/pipe_between.hh"
#include "container/plan.hh"
#include "container/root_access.hh"
#include "image/change.hh"
#include "image/compressed_layer.hh"
#include "image/sha256.hh"
#include "image/staging.hh"
#include "image/tree_archive.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

/// The image's layers stay what they are: nothing is copied where the store's file system has hard links.
void stage_base(const image::ImageStore& images, const image::Image& base, image::Staging& staging) {
    for (const auto& layer : base.layers) {
        if (staging.reuse_layer(layer.diff_id)) continue;
        const auto fd = sys::open_file(images.paths().blobs() / layer.diff_id.hex(), O_RDONLY);
        image::FileSource source(fd.get(), "layer " + layer.diff_id.str());
        staging.add_layer(source, {.diff_id = layer.diff_id});
    }
}

image::StagedLayer stage_files(const std::string& id, const std::function<void(int)>& write,
                               image::Staging& staging) {
    std::optional<image::StagedLayer> layer;
    pipe_between(write, [&](int in) {
        image::FdSource source(in, "the files of container " + id);
        layer = staging.add_layer(source, {});
    });
    return *layer;
}

void add_history(oci::ImageConfig& config, const CommitOptions& options) {
    auto command = config.config.entrypoint;
    command.insert(command.end(), config.config.cmd.begin(), config.config.cmd.end());
    config.history.push_back(oci::History{.created = config.created,
                                          .created_by = join(command, " "),
                                          .author = options.author,
                                          .comment = options.message});
}

/// The manifest that docker would have made. The store keeps it as it keeps those with which images come.
std::string docker_manifest(const std::string& config, const std::vector<image::StoredLayer>& layers) {
    oci::Manifest manifest{.media_type = std::string(oci::media_type::kDockerManifest),
                           .config = {.media_type = std::string(oci::media_type::kDockerConfig),
                                      .digest = image::sha256(config),
                                      .size = config.size()},
                           .layers = {}};
    const auto type = image::layer_type(image::ManifestFormat::v2s2, image::Compression::none);
    for (const auto& layer : layers)
        manifest.layers.push_back({.media_type = type, .digest = layer.diff_id, .size = layer.size});
    return oci::to_json(manifest);
}

}  // namespace

oci::Digest commit_container(const image::ImageStore& images, const std::string& id,
                             const CommitOptions& options, const image::Progress& progress) {
    const auto config = read_config(images.paths().containers() / id);
    const auto base = find_image(images, config);
    const auto* base_config = base ? &base->config.config : nullptr;
    const bool whole = options.squash || !base;

    oci::ImageConfig result = base ? base->config : oci::ImageConfig{};
    if (!base) result.platform = oci::host_platform();
    result.config = committed_config(config, base_config, options.include_volumes);
    result.created = format_rfc3339(now());
    if (!options.author.empty()) result.author = options.author;
    if (whole) {
        result.diff_ids.clear();
        result.history.clear();
    }
    add_history(result, options);
    // Before any file is read: what is wrong with them shows at once.
    for (const auto& change : options.changes) image::apply_change(result.config, change);

    image::Staging staging(images);
    if (!whole) stage_base(images, *base, staging);
    const image::TreeOptions tree{.mount_points = covered_paths(config, base_config)};
    const auto write_whole = [&](int out) {
        with_container_root(images.paths(), id, [&](const sys::RootedDir& root) {
            image::write_tree(root, out, "a pipe", tree);
        });
    };
    const auto write_changes = [&](int out) { write_layer(images, config, *base, tree, out); };
    const auto layer =
        whole ? stage_files(id, write_whole, staging) : stage_files(id, write_changes, staging);
    progress("Copying blob " + layer.diff_id.str());
    result.diff_ids.push_back(layer.diff_id);
    image::NewImage image{.config = oci::to_json(result)};
    if (options.docker_format) {
        auto layers = whole ? std::vector<image::StoredLayer>{} : base->layers;
        layers.push_back({.diff_id = layer.diff_id, .size = layer.size});
        image.source_manifests.push_back(docker_manifest(image.config, layers));
    }
    if (options.name) image.names.push_back(*options.name);
    const auto image_id = staging.add_image(image);
    progress("Writing manifest to image destination");
    staging.commit();
    return image_id;
}

}  // namespace rpod::container
