// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/address.hh"

#include <arpa/inet.h>
#include <net/if.h>

#include <array>
#include <cstring>

namespace rpod::net {
namespace {

template <class Address>
std::optional<Address> parse(int family, std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> copy{};
    if (text.size() >= copy.size() || text.find('\0') != text.npos) return std::nullopt;
    text.copy(copy.data(), text.size());
    Address address{};
    if (::inet_pton(family, copy.data(), &address) != 1) return std::nullopt;
    return address;
}

template <class Address>
std::string print(int family, const Address& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(family, &address, text.data(), text.size());
    return text.data();
}

}  // namespace

std::optional<in_addr> parse_ipv4(std::string_view text) { return parse<in_addr>(AF_INET, text); }
std::optional<in6_addr> parse_ipv6(std::string_view text) { return parse<in6_addr>(AF_INET6, text); }
bool is_ip_address(std::string_view text) { return parse_ipv4(text) || parse_ipv6(text); }
std::string to_string(const in_addr& address) { return print(AF_INET, address); }
std::string to_string(const in6_addr& address) { return print(AF_INET6, address); }

bool is_interface_name(std::string_view text) {
    if (text.empty() || text.size() >= IFNAMSIZ || text == "." || text == "..") return false;
    for (const unsigned char c : text) {
        if (c <= ' ' || c == '/' || c == ':' || c == 0x7f) return false;
    }
    return true;
}

bool is_host_loopback(const in_addr& address) {
    const uint32_t first = ntohl(address.s_addr) >> 24;
    return first == 0 || first == 127;
}

bool is_host_loopback(const in6_addr& address) {
    // ::/96 holds ::, ::1 and the IPv4-compatible addresses, none of which belongs on a wire.
    static constexpr uint8_t kZero[12]{};
    static constexpr uint8_t kMapped[12]{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    static constexpr uint8_t kNat64[12]{0, 0x64, 0xff, 0x9b};
    const uint8_t* bytes = address.s6_addr;
    if (std::memcmp(bytes, kZero, sizeof kZero) == 0 || std::memcmp(bytes, kMapped, sizeof kMapped) == 0) {
        return true;
    }
    in_addr embedded;
    std::memcpy(&embedded, bytes + 12, sizeof embedded);
    return std::memcmp(bytes, kNat64, sizeof kNat64) == 0 && is_host_loopback(embedded);
}

Endpoint Endpoint::of(const in_addr& address, uint16_t port) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr = address;
    name.sin_port = htons(port);
    Endpoint endpoint;
    std::memcpy(&endpoint.storage, &name, sizeof name);
    endpoint.size = sizeof name;
    return endpoint;
}

Endpoint Endpoint::of(const in6_addr& address, uint16_t port, uint32_t scope) {
    sockaddr_in6 name{};
    name.sin6_family = AF_INET6;
    name.sin6_addr = address;
    name.sin6_port = htons(port);
    name.sin6_scope_id = scope;
    Endpoint endpoint;
    std::memcpy(&endpoint.storage, &name, sizeof name);
    endpoint.size = sizeof name;
    return endpoint;
}

uint16_t Endpoint::port() const {
    // The port lies at the same place in both families.
    return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
}

bool Endpoint::operator==(const Endpoint& other) const {
    if (family() != other.family() || port() != other.port()) return false;
    if (family() == AF_INET) {
        return reinterpret_cast<const sockaddr_in*>(get())->sin_addr.s_addr ==
               reinterpret_cast<const sockaddr_in*>(other.get())->sin_addr.s_addr;
    }
    return family() == AF_INET6 &&
           std::memcmp(&reinterpret_cast<const sockaddr_in6*>(get())->sin6_addr,
                       &reinterpret_cast<const sockaddr_in6*>(other.get())->sin6_addr, sizeof(in6_addr)) == 0;
}

}  // namespace rpod::net
