// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "container/config.hh"
#include "oci/image_config.hh"

/// The host's side of published ports. A container without a network of its own publishes none, which a
/// warning says when it is made.
namespace rpod::container {

/// Fills in config.network.ports for a container that is not to run yet: free ports of the host where none
/// were named. Nothing stays bound, and whether the named ones are free is asked when it starts.
/// @param image  null with --rootfs
void choose_ports(ContainerConfig& config, const oci::RunConfig* image);

/// The same, and binds them all, before anything of the container exists.
/// @return what start_monitor takes
/// @throws Error that names the port, with podman's exit code 126
std::vector<net::PortListener> publish_ports(ContainerConfig& config, const oci::RunConfig* image);

/// Binds the ports of the record: the same ones each time it starts. @throws Error as publish_ports
std::vector<net::PortListener> publish_again(const ContainerConfig& config);

}  // namespace rpod::container
