// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>

namespace rpod::net {

/// "10.0.2.3", exactly four decimal parts (inet_pton(3)), or nothing.
std::optional<in_addr> parse_ipv4(std::string_view text);
/// "fd00::3", without scope, or nothing.
std::optional<in6_addr> parse_ipv6(std::string_view text);
bool is_ip_address(std::string_view text);
std::string to_string(const in_addr& address);
std::string to_string(const in6_addr& address);

/// The name of a network interface as the kernel takes it: 1 to 15 bytes, no '/', ':' or blank.
bool is_interface_name(std::string_view text);

/// 127/8 and 0/8, ::, ::1, and the same written as mapped, compatible or NAT64 IPv6 addresses.
bool is_host_loopback(const in_addr& address);
bool is_host_loopback(const in6_addr& address);

/// One address with a port, of either family, as the socket calls take it.
struct Endpoint {
    sockaddr_storage storage{};
    socklen_t size = 0;

    static Endpoint of(const in_addr& address, uint16_t port);
    /// @param scope  index of the interface that a link-local address belongs to
    static Endpoint of(const in6_addr& address, uint16_t port, uint32_t scope = 0);
    int family() const { return storage.ss_family; }
    uint16_t port() const;
    /// Same family, address and port.
    bool operator==(const Endpoint& other) const;
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

}  // namespace rpod::net
