// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/hosts.hh"

#include <sys/socket.h>

#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"
#include "net/address.hh"
#include "sys/fd.hh"

namespace rpod::net {
namespace {

/// Podman's name and docker's.
constexpr std::string_view kHostNames = "host.containers.internal host.docker.internal";
constexpr std::string_view kHostGateway = "host-gateway";

std::string added_line(std::string_view text, const std::string& host_address) {
    const auto parts = split(text, ':', 2);
    std::string names(parts[0]);
    std::replace(names.begin(), names.end(), ';', ' ');
    std::string address(parts.size() == 2 ? parts[1] : "");
    if (address == kHostGateway) {
        if (host_address.empty()) {
            throw Error("add-host '{}': the host has no address that the container could reach",
                        printable(text))
                .with_hint("use --network slirp4netns:allow_host_loopback=true, or name an address");
        }
        address = host_address;
    }
    return address + '\t' + names + '\n';
}

}  // namespace

std::string hosts_text(const HostsPlan& plan) {
    std::string text;
    for (const auto& added : plan.added) text += added_line(added, plan.host_address);
    text += "127.0.0.1\tlocalhost localhost.localdomain\n::1\tlocalhost ip6-localhost ip6-loopback\n";
    std::vector<std::string> names;
    for (const auto& name : plan.own_names) {
        if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end())
            names.push_back(name);
    }
    if (!plan.own_address.empty() && !names.empty())
        text += plan.own_address + '\t' + join(names, " ") + '\n';
    if (!plan.host_address.empty()) text += plan.host_address + '\t' + std::string(kHostNames) + '\n';
    return text;
}

std::optional<in_addr> host_address() {
    // Connecting a datagram socket only looks up the route. The address is one reserved for documentation
    // (RFC 5737).
    const Endpoint somewhere = Endpoint::of(*parse_ipv4("203.0.113.1"), 9);
    const sys::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket || ::connect(socket.get(), somewhere.get(), somewhere.size) < 0) return std::nullopt;
    sockaddr_in own{};
    socklen_t size = sizeof own;
    if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&own), &size) < 0) return std::nullopt;
    if (is_host_loopback(own.sin_addr)) return std::nullopt;
    return own.sin_addr;
}

}  // namespace rpod::net
