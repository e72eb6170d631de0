// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "image/image_store.hh"
#include "image/transfer.hh"
#include "image/transport.hh"

/// Images from files: load, pull from a local transport, import.
namespace rpod::image {

struct AddedImage {
    oci::Digest id;
    std::vector<oci::Reference> names;
};

struct LoadOptions {
    std::string policy_file{};  ///< --signature-policy; empty: the usual ones
};

/// From an archive or a directory, whatever its format. @param fd  of an archive, borrowed; `what` names it
/// in errors. @param path  empty: it has none
std::vector<AddedImage> load_archive(const ImageStore& store, int fd, const std::string& what,
                                     const std::string& path, const LoadOptions& options,
                                     const Progress& progress);
std::vector<AddedImage> load_directory(const ImageStore& store, const std::string& path,
                                       const LoadOptions& options, const Progress& progress);

struct LocalPull {
    oci::Platform platform = oci::host_platform();
    std::optional<oci::Reference> as{};  ///< what the store calls it instead
    std::string policy_file{};           ///< --signature-policy; empty: the usual ones
};
std::vector<AddedImage> pull_local(const ImageStore& store, const TransportName& from, const LocalPull& pull,
                                   const Progress& progress);

/// A root file system archive that becomes an image of one layer.
struct ImportOptions {
    oci::ImageConfig config;  ///< `created` is set where empty; layers and history are added
    std::string message;      ///< for the history
    std::optional<oci::Reference> name;
};
oci::Digest import_archive(const ImageStore& store, int fd, const std::string& what, ImportOptions options,
                           const Progress& progress);

}  // namespace rpod::image
