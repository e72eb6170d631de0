// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace rpod::runtime {

/// How an image becomes a container's root file system; the better ones first. What the container writes lies
/// in one format under the first three.
enum class StorageDriver {
    overlay,   ///< the image by FUSE as it is, kernel overlayfs on top
    fuse,      ///< the image by FUSE as it is, rpod's own overlay on top, by FUSE too
    unpacked,  ///< the image's tree unpacked once for all containers, kernel overlayfs on top
    copy,      ///< the tree unpacked for each container, which writes into it
};

inline constexpr std::array kStorageDrivers{StorageDriver::overlay, StorageDriver::fuse,
                                            StorageDriver::unpacked, StorageDriver::copy};

const char* name(StorageDriver driver);
std::optional<StorageDriver> find_storage_driver(std::string_view name);

/// Whether what a container writes is kept apart from what its image has.
constexpr bool has_layers(StorageDriver driver) { return driver != StorageDriver::copy; }

}  // namespace rpod::runtime
