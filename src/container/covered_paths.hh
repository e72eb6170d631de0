// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <set>
#include <string>

#include "container/config.hh"
#include "oci/image_config.hh"

namespace rpod::container {

/// Where something is mounted in a container, as paths without the first '/': of these files and directories,
/// what lies in the container's own layer was made to be mounted on.
/// @param image  null with --rootfs
std::set<std::string> covered_paths(const ContainerConfig& config, const oci::RunConfig* image);

}  // namespace rpod::container
