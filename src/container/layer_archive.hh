// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>

#include "container/config.hh"
#include "image/image_store.hh"
#include "image/tree_archive.hh"

namespace rpod::container {

/// Writes what a container has changed as the archive of a layer above its image: what its driver keeps
/// apart, or else what differs from the image.
/// @param options  of these, what does not depend on the driver
/// @param out  borrowed
void write_layer(const image::ImageStore& images, const ContainerConfig& config, const image::Image& image,
                 image::TreeOptions options, int out);

}  // namespace rpod::container
