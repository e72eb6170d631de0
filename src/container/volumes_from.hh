// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "container/config.hh"
#include "store/paths.hh"

namespace rpod::container {

/// --volumes-from: adds the binds and volumes of the containers in config.volumes_from ("NAME[:ro|rw|z|Z]")
/// to config.mounts. A place that the config has a mount for keeps that; of several containers with a mount
/// for one place the last one counts. Anonymous volumes are shared by their names, made where their container
/// was never started.
/// @throws Error in podman's words
void take_volumes_from(const store::Paths& paths, ContainerConfig& config);

}  // namespace rpod::container
