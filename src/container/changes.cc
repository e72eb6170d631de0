// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/changes.hh"

#include "base/error.hh"
#include "container/covered_paths.hh"
#include "container/create.hh"
#include "container/pipe_between.hh"
#include "container/plan.hh"
#include "container/root_access.hh"
#include "image/chain.hh"
#include "image/tar_reader.hh"
#include "image/tree_archive.hh"
#include "overlay/excerpt.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

image::Image image_of(const image::ImageStore& images, const std::string& id) {
    const auto config = read_config(images.paths().containers() / id);
    auto image = find_image(images, config);
    if (!image) throw Error("container {} is made of a directory, not of an image", config.name);
    return *std::move(image);
}

}  // namespace

overlay::LayerScan scan_container_layer(const store::Paths& paths, const std::string& id) {
    const auto config = read_config(paths.containers() / id);
    const image::ImageStore images(paths);
    const auto image = find_image(images, config);
    const image::TreeOptions options{
        .name = ".",
        .upper_layer = true,
        .without_content = true,
        .mount_points = covered_paths(config, image ? &image->config.config : nullptr)};
    overlay::LayerScan scan;
    pipe_between(
        [&](int out) {
            with_container_layer(paths, id, [&](const sys::RootedDir& layer) {
                image::TarWriter writer(
                    [&](std::string_view bytes) { sys::write_all(out, bytes, "a pipe"); });
                image::archive_tree(layer, writer, options);
                writer.finish();
            });
        },
        [&](int in) {
            image::FdSource source(in, "the layer of container " + id);
            scan = image::scan_tar(source);
        });
    return scan;
}

overlay::Index container_tree(const image::ImageStore& images, const std::string& id) {
    const auto image = image_of(images, id);
    const auto layer = scan_container_layer(images.paths(), id);
    const auto chain = images.open_chain(image);
    return image::merge_layers(image.layers, chain.blobs, &layer);
}

ChangedTrees changed_trees(const image::ImageStore& images, const std::string& id) {
    const auto image = image_of(images, id);
    const auto layer = scan_container_layer(images.paths(), id);
    const auto below = overlay::excerpt(images.open_chain(image).index, layer);
    return {.before = image::merge_scans({&below}), .after = image::merge_scans({&below, &layer})};
}

overlay::Index image_tree(const image::ImageStore& images, const image::Image& image) {
    return images.open_chain(image).index;
}

overlay::Index parent_tree(const image::ImageStore& images, const image::Image& image) {
    const auto chain = images.open_chain(image);
    auto below = image.layers;
    if (!below.empty()) below.pop_back();
    return image::merge_layers(below, chain.blobs, nullptr);
}

}  // namespace rpod::container
