// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "image/image_store.hh"
#include "image/transfer.hh"

namespace rpod::container {

struct CommitOptions {
    std::string author;
    std::string message;               ///< for the history
    std::vector<std::string> changes;  ///< Containerfile instructions, applied last (image/change.hh)
    bool include_volumes = false;
    bool squash = false;  ///< one layer with all files, instead of one above the image's
    std::optional<oci::Reference> name;
    bool docker_format = false;  ///< the image has docker's manifest, too, and goes to registries with one
};

/// Makes an image of a container, which may run: the layers of its image and one of what the container has
/// changed, with the owners that the container sees. The layer goes straight into the store; nothing is left
/// of a commit that fails. A container whose root is a directory of the host becomes one layer.
/// @return the image's ID
oci::Digest commit_container(const image::ImageStore& images, const std::string& id,
                             const CommitOptions& options, const image::Progress& progress);

}  // namespace rpod::container
