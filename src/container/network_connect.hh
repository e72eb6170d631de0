// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>

#include "container/config.hh"
#include "runtime/plan.hh"
#include "store/paths.hh"

namespace rpod::container {

/// Gets an address on each network that the container, or pod, is on, and fills in the plan: its connections
/// and its addresses. Starts the networks' processes where they do not run: only in commands.
/// @throws Error that names the network
void reserve_networks(const store::Paths& paths, const ContainerConfig& config, runtime::NetworkPlan& plan);

/// The same for one more network of a container that runs: in its monitor.
/// @param config  id and name are of interest @param attachment  as --network takes it
/// @param present  the connections that it has
runtime::NetworkJoin reserve_network(const store::Paths& paths, const ContainerConfig& config,
                                     const std::string& attachment,
                                     const std::vector<runtime::NetworkJoin>& present);

/// Where a running container is on a network.
struct NetworkEndpoint {
    std::string network, network_id;
    std::string address, gateway, mac, interface;
    unsigned prefix_length = 0;
    std::vector<std::string> aliases;
};
/// The networks that a container asked for; without addresses where it is not on them now.
std::vector<NetworkEndpoint> network_endpoints(const store::Paths& paths, const ContainerConfig& config,
                                               const std::string& pod_or_container);

}  // namespace rpod::container
