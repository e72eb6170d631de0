// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/changes.hh"

#include "base/error.hh"
#include "container/covered_paths.hh"
#include "container/create.hh"
#include "container/layer_archive.hh"
#include "container/pipe_between.hh"
#include "container/plan.hh"
#include "image/chain.hh"
#include "image/tar_reader.hh"
#include "image/tree_archive.hh"
#include "overlay/excerpt.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

/// A container and the image that it is made of.
struct Subject {
    ContainerConfig config;
    image::Image image;
};

Subject subject_of(const image::ImageStore& images, const std::string& id) {
    auto config = read_config(images.paths().containers() / id);
    auto image = find_image(images, config);
    if (!image) throw Error("container {} is made of a directory, not of an image", config.name);
    return {.config = std::move(config), .image = *std::move(image)};
}

/// The container's writable layer as one of an image, without the files' contents and without what was made
/// to be mounted on.
overlay::LayerScan scan_layer(const image::ImageStore& images, const Subject& subject) {
    const std::string& id = subject.config.id;
    const image::TreeOptions options{
        .name = ".",
        .without_content = true,
        .mount_points = covered_paths(subject.config, &subject.image.config.config)};
    overlay::LayerScan scan;
    pipe_between([&](int out) { write_layer(images, subject.config, subject.image, options, out); },
                 [&](int in) {
                     image::FdSource source(in, "the layer of container " + id);
                     scan = image::scan_tar(source);
                 });
    return scan;
}

}  // namespace

overlay::Index container_tree(const image::ImageStore& images, const std::string& id) {
    const auto subject = subject_of(images, id);
    const auto layer = scan_layer(images, subject);
    const auto layers = images.open_layers(subject.image);
    return image::merge_layers(subject.image.layers, layers, &layer);
}

ChangedTrees changed_trees(const image::ImageStore& images, const std::string& id) {
    const auto subject = subject_of(images, id);
    const auto layer = scan_layer(images, subject);
    const auto below = overlay::excerpt(images.open_chain(subject.image).index, layer);
    return {.before = image::merge_scans({&below}), .after = image::merge_scans({&below, &layer})};
}

overlay::Index image_tree(const image::ImageStore& images, const image::Image& image) {
    return images.open_chain(image).index;
}

overlay::Index parent_tree(const image::ImageStore& images, const image::Image& image) {
    const auto layers = images.open_layers(image);
    auto below = image.layers;
    if (!below.empty()) below.pop_back();
    return image::merge_layers(below, layers, nullptr);
}

}  // namespace rpod::container
