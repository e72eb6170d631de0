// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "container/config.hh"
#include "net/listen.hh"
#include "runtime/plan.hh"
#include "runtime/servers.hh"
#include "store/paths.hh"

/// Ports of a container or a pod that exists: changed at once where it runs, and in its record.
namespace rpod::container {

/// Whose ports they are. The caller holds the lock under which it is started.
struct PortOwner {
    std::string id;
    bool runs = false;
    NetworkConfig network;  ///< as recorded
    /// Changes the record.
    std::function<void(const std::function<void(NetworkConfig&)>& change)> record;
};

/// @param publish  as --publish takes them
/// @return what came of it, with the host's ports
/// @throws Error where it has no network of its own, or a port is in use
std::vector<net::PortMapping> add_ports(const store::Paths& paths, const PortOwner& owner,
                                        const std::vector<std::string>& publish);
/// The same for a container.
std::vector<net::PortMapping> add_ports(const store::Paths& paths, const std::string& id,
                                        const std::vector<std::string>& publish);

/// Connections through it go on. @param port  of the container; published several times, all of them go
/// @throws Error where it is not published
void remove_port(const store::Paths& paths, const PortOwner& owner, uint16_t port, net::Transport transport);
void remove_port(const store::Paths& paths, const std::string& id, uint16_t port, net::Transport transport);

/// The monitor's side
/// ------------------

/// Binds the ports and serves them. @param servers  null: nothing of the owner runs yet
/// @param ports  as port_json.hh has them @return the same, with those of the host that were free
std::string open_ports(runtime::NetworkPlan& network, runtime::Servers* servers, std::string_view ports);
/// Whoever holds a copy of the sockets sees the end that shutdown(2) makes, and lets go of it.
void close_ports(runtime::NetworkPlan& network, runtime::Servers* servers, std::string_view ports);

}  // namespace rpod::container
