// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "container/record.hh"
#include "net/subnet.hh"
#include "store/paths.hh"

/// Networks as things of their own: networks/ID/network.json, their names in networks/names.
///
///     {"version":1,"name":"app","created":"2026-01-02T03:04:05.678901234Z","subnet":"10.89.0.0/24",
///      "gateway":"10.89.0.1","range":"10.89.0.128/25","internal":false,"dns":true,"servers":[…],
///      "labels":{…},"options":{…}}
///
/// The network "podman" is always there and has no record.
namespace rpod::container {

struct Network {
    std::string id, name;
    Time created;
    net::Subnet subnet;
    in_addr gateway{};                 ///< libslirp's address, and that of the name service
    std::optional<net::Subnet> range;  ///< addresses are given out from here alone
    bool internal = false;             ///< nothing outside can be reached
    bool dns = true;                   ///< names of containers are answered
    std::vector<std::string> servers;  ///< asked in place of the host's resolvers
    std::map<std::string, std::string> labels;
    std::map<std::string, std::string> options;  ///< mtu

    unsigned mtu() const;
};

constexpr const char* kDefaultNetwork = "podman";

/// What was asked for; what is empty is chosen.
struct NetworkRequest {
    Network network;
    bool has_subnet = false, has_gateway = false;
};
/// @throws Error where the name is taken, or the addresses contradict each other or those of another network
Network create_network(const store::Paths& paths, NetworkRequest request);

/// All, by name; podman's default one among them. One whose record cannot be read is left out.
std::vector<Network> list_networks(const store::Paths& paths);
/// By name, ID or the front of an ID; "bridge" is the default one. @throws Error where several fit
std::optional<Network> find_network(const store::Paths& paths, const std::string& name);

/// The containers and pods that are on each network, by the network's name.
std::map<std::string, std::vector<std::string>> network_users(const store::Paths& paths);

/// Takes away those that nobody uses. @return the names of those that went
std::vector<std::string> remove_networks(const store::Paths& paths, const std::vector<Network>& networks);

/// Whether --network's text names one of these, not a mode (host, none, slirp4netns…).
bool is_network_name(std::string_view text);
/// The name in front of the options: "app" of "app:ip=10.89.0.5"; "bridge" means the default one.
std::string network_name(std::string_view text);

}  // namespace rpod::container
