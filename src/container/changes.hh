// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>

#include "image/image_store.hh"
#include "overlay/index.hh"
#include "overlay/layer_entry.hh"
#include "store/paths.hh"

/// What containers have changed of their images' files. Reads the writable layer alone, of running containers
/// too.
namespace rpod::container {

/// The container's writable layer as one of an image, without the files' contents and without what was made
/// to be mounted on.
/// @throws Error where its root is a directory of the host
overlay::LayerScan scan_container_layer(const store::Paths& paths, const std::string& id);

/// The tree that a container sees, without what is mounted in it, and the one that it was made with.
overlay::Index container_tree(const image::ImageStore& images, const std::string& id);
overlay::Index original_tree(const image::ImageStore& images, const std::string& id);

/// The tree of an image, and the one below its uppermost layer.
overlay::Index image_tree(const image::ImageStore& images, const image::Image& image);
overlay::Index parent_tree(const image::ImageStore& images, const image::Image& image);

}  // namespace rpod::container
