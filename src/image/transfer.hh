// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "image/image_files.hh"
#include "image/staging.hh"
#include "oci/manifest.hh"

namespace rpod::image {

/// Gets a line for each step that the user may wait for: "Copying blob sha256:…".
using Progress = std::function<void(const std::string& line)>;

/// A layer of a foreign image.
struct LayerFile {
    std::string name;           ///< in ImageFiles
    oci::Digest digest;         ///< by which progress and errors name it
    LayerExpectation expected;  ///< with the diff ID
};

/// Stages all of them, those that the store has already by a link, the others several at a time.
void stage_layers(ImageFiles& files, Staging& staging, const std::vector<LayerFile>& layers,
                  const Progress& progress);

/// Where a blob lies: "blobs/sha256/HEX" in a layout, "HEX" in a blob directory or a registry.
struct BlobNames {
    std::string prefix;
    std::string of(const oci::Digest& digest) const { return prefix + digest.hex(); }
};

/// Reads a manifest's configuration and adds its layers to `layers`. @throws Error for an artifact that is no
/// image
NewImage read_manifest_image(ImageFiles& files, const BlobNames& names, const oci::Manifest& manifest,
                             std::vector<LayerFile>& layers);

/// Which images of an archive or a directory are wanted; all of them where nothing is given.
struct Selection {
    std::string name;                ///< the name that it has there; empty: any
    std::optional<size_t> position;  ///< docker-archive:PATH:@N
    bool single = false;             ///< several are an error
    /// A layout's "latest", "12" are tags that tools wrote which know no names (umoci), not images of that
    /// name.
    bool bare_names_are_tags = false;
    oci::Platform platform = oci::host_platform();
};

/// The one entry of a layout's index.json that is selected, a manifest or an index. @throws Error
oci::Descriptor find_in_layout(ImageFiles& files, const Selection& selection);

/// The formats. Each stages the layers of the images selected and gives the rest.
std::vector<NewImage> read_docker_archive(ImageFiles& files, Staging& staging, const Selection& selection,
                                          const Progress& progress);
std::vector<NewImage> read_oci_layout(ImageFiles& files, Staging& staging, const Selection& selection,
                                      const Progress& progress);
/// skopeo's dir: format: manifest.json is the manifest, blobs are files named by their hex digits.
std::vector<NewImage> read_blob_directory(ImageFiles& files, Staging& staging, const Selection& selection,
                                          const Progress& progress);

enum class Format { docker_archive, oci_layout, blob_directory };
/// By the files that there are. @throws Error where they are none of these
Format detect_format(ImageFiles& files);

}  // namespace rpod::image
