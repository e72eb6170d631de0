// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <vector>

#include "container/config.hh"
#include "oci/image_config.hh"
#include "oci/runtime_spec.hh"
#include "store/paths.hh"

namespace rpod::container {

/// Those of a container's mounts that hold something while it does not run: volumes, and what it binds of the
/// host as far as it exists. Volumes that were never used are made. A mount that is above another one comes
/// first.
/// @param image  null with --rootfs
std::vector<oci::Mount> stored_mounts(const store::Paths& paths, const ContainerConfig& config,
                                      const oci::RunConfig* image, const std::filesystem::path& directory);

}  // namespace rpod::container
