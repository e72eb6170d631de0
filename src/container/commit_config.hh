// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "container/config.hh"
#include "oci/image_config.hh"

namespace rpod::container {

/// What an image that is made of a container runs with: what the container's image says, changed by what was
/// asked of the container (entrypoint and command, environment, labels, user, working directory, ports), as
/// podman has it. What the container took from its caller's environment (--env-host, proxies) does not go
/// into images.
/// @param image  null with --rootfs
/// @param include_volumes  whether all that was mounted for the user becomes a volume of the image; else only
/// anonymous volumes do
oci::RunConfig committed_config(const ContainerConfig& config, const oci::RunConfig* image,
                                bool include_volumes);

}  // namespace rpod::container
