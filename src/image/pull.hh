// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "image/image_store.hh"
#include "image/transfer.hh"

/// Images from files: load, pull from a local transport, import.
namespace rpod::image {

struct AddedImage {
    oci::Digest id;
    std::vector<oci::Reference> names;
};

/// From an archive or a directory, whatever its format. @param fd  of an archive, borrowed; `what` names it
/// in errors
std::vector<AddedImage> load_archive(const ImageStore& store, int fd, const std::string& what,
                                     const Progress& progress);
std::vector<AddedImage> load_directory(const ImageStore& store, const std::string& path,
                                       const Progress& progress);

enum class Transport { oci, oci_archive, docker_archive, dir };

/// "oci:PATH[:REF]", "docker-archive:PATH[:REF|:@N]", "dir:PATH".
struct TransportName {
    Transport transport;
    std::string path;
    std::string name;                ///< REF; may be empty
    std::optional<size_t> position;  ///< @N
    /// Nothing where the text has none of these transports in front. @throws Error where what follows is
    /// malformed
    static std::optional<TransportName> parse(std::string_view text);
};

std::vector<AddedImage> pull_local(const ImageStore& store, const TransportName& from,
                                   const oci::Platform& platform, const Progress& progress);

/// A root file system archive that becomes an image of one layer.
struct ImportOptions {
    oci::ImageConfig config;  ///< `created` is set where empty; layers and history are added
    std::string message;      ///< for the history
    std::optional<oci::Reference> name;
};
oci::Digest import_archive(const ImageStore& store, int fd, const std::string& what, ImportOptions options,
                           const Progress& progress);

}  // namespace rpod::image
