// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <netinet/in.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rpod::net {

/// An IPv4 network: "10.89.0.0/24".
struct Subnet {
    in_addr network{};
    unsigned length = 24;

    uint32_t first() const { return ntohl(network.s_addr); }
    uint32_t last() const { return first() | ~mask(); }
    uint32_t mask() const { return length == 0 ? 0 : ~uint32_t{0} << (32 - length); }
    bool contains(in_addr address) const { return (ntohl(address.s_addr) & mask()) == first(); }
    bool overlaps(const Subnet& other) const { return first() <= other.last() && other.first() <= last(); }
    /// The address so far from the first one.
    in_addr at(uint32_t offset) const { return {htonl(first() + offset)}; }
    std::string text() const;
};

/// "10.89.0.0/24", /8 to /30; bits of the host are dropped. Nothing for loopback, multicast and reserved
/// networks and for what is no network.
std::optional<Subnet> parse_subnet(std::string_view text);

/// What the interfaces of this network namespace are connected to, IPv4.
std::vector<Subnet> connected_subnets();

}  // namespace rpod::net
