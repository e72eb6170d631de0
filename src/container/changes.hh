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

/// The tree that a container sees, without what is mounted in it.
/// @throws Error where its root is a directory of the host
overlay::Index container_tree(const image::ImageStore& images, const std::string& id);

/// Of the tree that a container was made with and of the one that it sees, the part in which they can differ:
/// that costs what the container has changed, however large its image is.
struct ChangedTrees {
    overlay::Index before;
    overlay::Index after;
};
ChangedTrees changed_trees(const image::ImageStore& images, const std::string& id);

/// The tree of an image, and the one below its uppermost layer.
overlay::Index image_tree(const image::ImageStore& images, const image::Image& image);
overlay::Index parent_tree(const image::ImageStore& images, const image::Image& image);

}  // namespace rpod::container
