// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/subnet.hh"

#include <ifaddrs.h>

#include <cstring>

#include "base/defer.hh"
#include "base/error.hh"
#include "base/strings.hh"
#include "net/address.hh"

namespace rpod::net {

std::string Subnet::text() const { return fmt::format("{}/{}", to_string(network), length); }

std::optional<Subnet> parse_subnet(std::string_view text) {
    const auto parts = split(text, '/', 2);
    if (parts.size() != 2) return std::nullopt;
    const auto address = parse_ipv4(parts[0]);
    const auto length = parse_uint(parts[1], 30);
    if (!address || !length || *length < 8) return std::nullopt;
    Subnet subnet{.network = *address, .length = static_cast<unsigned>(*length)};
    subnet.network.s_addr &= htonl(subnet.mask());
    const uint32_t top = subnet.first() >> 24;
    if (top == 0 || top == 127 || top >= 224) return std::nullopt;
    return subnet;
}

std::vector<Subnet> connected_subnets() {
    ifaddrs* list = nullptr;
    check(::getifaddrs(&list), "list the host's addresses");
    const Defer free_list([&] { ::freeifaddrs(list); });
    std::vector<Subnet> out;
    for (const ifaddrs* entry = list; entry; entry = entry->ifa_next) {
        if (!entry->ifa_addr || !entry->ifa_netmask || entry->ifa_addr->sa_family != AF_INET) continue;
        sockaddr_in address, mask;
        std::memcpy(&address, entry->ifa_addr, sizeof address);
        std::memcpy(&mask, entry->ifa_netmask, sizeof mask);
        Subnet subnet{.network = {address.sin_addr.s_addr & mask.sin_addr.s_addr}, .length = 0};
        for (uint32_t bits = ntohl(mask.sin_addr.s_addr); bits & 0x80000000U; bits <<= 1) ++subnet.length;
        out.push_back(subnet);
    }
    return out;
}

}  // namespace rpod::net
