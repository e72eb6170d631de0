// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/publish.hh"

#include "base/error.hh"
#include "base/log.hh"
#include "container/parse_namespace.hh"
#include "container/parse_port.hh"

namespace rpod::container {
namespace {

/// @return whether there is anything to publish; config.network.ports says what, then
bool resolve_ports(ContainerConfig& config, const oci::RunConfig* image) {
    auto& network = config.network;
    if (network.publish.empty() && !network.publish_all) return false;
    if (network_namespace(network).mode != NamespaceMode::private_) {
        log::warn(
            "Port mappings have been discarded as one of the Host, Container, Pod, and None network modes "
            "are in use");
        return false;
    }
    network.ports = wanted_ports(network, image ? image->exposed_ports : std::set<std::string>{});
    return !network.ports.empty();
}

net::LowPorts low_ports(const NetworkConfig& network) {
    return network.publish_fallback ? net::LowPorts::move_up : net::LowPorts::refuse;
}

}  // namespace

void choose_ports(ContainerConfig& config, const oci::RunConfig* image) {
    if (resolve_ports(config, image)) net::choose_ports(config.network.ports, low_ports(config.network));
}

std::vector<net::PortListener> publish_ports(ContainerConfig& config, const oci::RunConfig* image) {
    if (!resolve_ports(config, image)) return {};
    return net::open_listeners(config.network.ports, low_ports(config.network));
}

std::vector<net::PortListener> publish_again(const ContainerConfig& config) {
    auto ports = config.network.ports;
    return net::open_listeners(ports, net::LowPorts::refuse);
}

}  // namespace rpod::container
