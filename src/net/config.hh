// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <netinet/in.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rpod::net {

/// --dns, --dns-search, --dns-option: each list that is not empty replaces the host's.
struct DnsOptions {
    std::vector<std::string> servers;  ///< IP addresses
    std::vector<std::string> search;   ///< a single "." stands for no search domain at all
    std::vector<std::string> options;
};

/// The network of a pod over libslirp: what was asked for, and the address plan that follows from it.
struct SlirpConfig {
    in_addr network{htonl(0x0a000200)};  ///< 10.0.2.0
    unsigned prefix_length = 24;         ///< at most 25: the plan reaches up to .100
    bool enable_ipv6 = true;             ///< fd00::/64
    unsigned mtu = 65520;                ///< of tap0
    bool allow_host_loopback = false;    ///< the gateway's address leads to the host's 127.0.0.1 and ::1
    std::string outbound_addr;   ///< IPv4 address or interface that connections leave from; empty: any
    std::string outbound_addr6;  ///< IPv6 address or interface
    DnsOptions dns;
    /// Of a user-defined network: the gateway is the name service, too. Else the plan below holds.
    std::optional<in_addr> own_gateway;
    std::optional<in_addr> own_address;  ///< the pod's on such a network
    bool internal = false;               ///< nothing but the name service can be reached
    std::optional<std::string> names;    ///< that are answered (net/name_table.hh)

    in_addr netmask() const;
    in_addr pod_address() const;  ///< network + 100
    in_addr gateway() const;      ///< network + 2
    in_addr dns_address() const;  ///< network + 3

    static constexpr unsigned kPrefixLength6 = 64;
    static in6_addr prefix6();       ///< fd00::
    static in6_addr pod_address6();  ///< fd00::100
    static in6_addr gateway6();      ///< fd00::2
    static in6_addr dns_address6();  ///< fd00::3
};

/// What follows the colon of `--network slirp4netns:cidr=10.1.0.0/24,mtu=1500,…` (podman-run(1)); may be
/// empty. `port_handler` is accepted with podman's two values: rpod has one port handler, which keeps source
/// addresses.
/// @throws Error that names the option
SlirpConfig parse_slirp_options(std::string_view text);

}  // namespace rpod::net
