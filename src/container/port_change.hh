// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <vector>

#include "net/listen.hh"
#include "store/paths.hh"

/// Ports of a container that exists: changed at once where it runs, and in its record.
namespace rpod::container {

/// @param publish  as --publish takes them
/// @return what came of it, with the host's ports
/// @throws Error where the container has no network of its own, or a port is in use
std::vector<net::PortMapping> add_ports(const store::Paths& paths, const std::string& id,
                                        const std::vector<std::string>& publish);

/// Connections through it go on. @param port  of the container; published several times, all of them go
/// @throws Error where it is not published
void remove_port(const store::Paths& paths, const std::string& id, uint16_t port, net::Transport transport);

}  // namespace rpod::container
