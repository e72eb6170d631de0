// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <map>
#include <memory>
#include <string>

#include "image/transfer.hh"

/// The image of a docker archive as if it had a manifest, with uncompressed layers.
namespace rpod::image {

struct DockerParts {
    oci::Manifest manifest;                    ///< docker's schema 2
    std::string config;                        ///< its bytes
    std::map<oci::Digest, std::string> files;  ///< members that are layers, by diff ID
};

/// @throws Error where the archive has several images and none is chosen
DockerParts read_docker_parts(ImageFiles& files, const Selection& selection);
/// A layer's uncompressed bytes.
std::unique_ptr<ByteSource> open_docker_layer(ImageFiles& files, const std::string& member);

}  // namespace rpod::image
