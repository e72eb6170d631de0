// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <vector>

#include "net/listen.hh"
#include "store/paths.hh"

/// Ports of a pod that exists, as container/port_change.hh has those of a container.
namespace rpod::pod {

/// @throws Error where its members do not share a network of their own
std::vector<net::PortMapping> add_ports(const store::Paths& paths, const std::string& id,
                                        const std::vector<std::string>& publish);
void remove_port(const store::Paths& paths, const std::string& id, uint16_t port, net::Transport transport);

}  // namespace rpod::pod
