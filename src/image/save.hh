// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "image/image_sink.hh"
#include "image/image_store.hh"
#include "image/transfer.hh"

/// Images of the store to archives and directories.
namespace rpod::image {

struct ImageToSave {
    Image image;
    std::vector<oci::Reference> names{};  ///< under which it is written, each with a tag
};

struct SaveOptions {
    Format format = Format::docker_archive;
    /// Layers as gzip instead of as the store has them; a docker archive's layers are never compressed.
    bool compress = false;
};

/// Writes the images, all that they need open before the first byte goes out: one that is removed meanwhile
/// is still written.
/// @param images  each once; just one for a blob directory, which holds no more
void save_images(const ImageStore& store, const std::vector<ImageToSave>& images, ImageSink& sink,
                 const SaveOptions& options, const Progress& progress);

}  // namespace rpod::image
