// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/listen.hh"

#include <netinet/tcp.h>

#include <algorithm>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "net/address.hh"
#include "sys/rlimit.hh"

namespace rpod::net {
namespace {

/// The kernel cuts it down to net.core.somaxconn.
constexpr int kBacklog = 4096;
constexpr uint16_t kMoveUp = 8000;

void set_option(int socket, int level, int option, int value) {
    check(::setsockopt(socket, level, option, &value, sizeof value), "set option {} of a socket", option);
}

/// Every address: one IPv6 socket takes IPv4, too. Where the host has no IPv6, IPv4 alone.
Endpoint endpoint_of(const std::string& ip, uint16_t port) {
    if (ip.empty()) return Endpoint::of(in6addr_any, port);
    if (const auto v4 = parse_ipv4(ip)) return Endpoint::of(*v4, port);
    if (const auto v6 = parse_ipv6(ip)) return Endpoint::of(*v6, port);
    throw Error("publish: '{}' is not an IP address", ip);
}

/// Answers to datagrams must leave from the address that these came to; accepted connections inherit the
/// others.
void set_options(int socket, const PortMapping& port, int family) {
    if (family == AF_INET6) set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, !port.host_ip.empty());
    if (port.transport == Transport::udp) {
        if (family == AF_INET6) {
            set_option(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
        } else {
            set_option(socket, IPPROTO_IP, IP_PKTINFO, 1);
        }
        return;
    }
    set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
    // A client that vanished is given up after three minutes.
    set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, 60);
    set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, 15);
    set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, 8);
    set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
}

/// @return the errno where the address cannot be had
int try_bind(const PortMapping& port, const Endpoint& at, sys::Fd& out) {
    const int type = port.transport == Transport::tcp ? SOCK_STREAM : SOCK_DGRAM;
    sys::Fd socket(::socket(at.family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return errno;
    set_options(socket.get(), port, at.family());
    if (::bind(socket.get(), at.get(), at.size) < 0) return errno;
    if (port.transport == Transport::tcp && ::listen(socket.get(), kBacklog) < 0) return errno;
    out = std::move(socket);
    return 0;
}

int try_listen(const PortMapping& port, uint16_t host_port, sys::Fd& out) {
    const int err = try_bind(port, endpoint_of(port.host_ip, host_port), out);
    if (err != EAFNOSUPPORT && err != EADDRNOTAVAIL) return err;
    return port.host_ip.empty() ? try_bind(port, Endpoint::of(in_addr{INADDR_ANY}, host_port), out) : err;
}

/// podman's words, by which scripts know these failures.
Error listen_error(int err, const PortMapping& port, uint16_t host_port) {
    const auto why = to_lower(std::generic_category().message(err));
    // The address as Go's net package writes it.
    const auto what =
        fmt::format("listen {} {}:{}: bind: {}", name(port.transport), port.shown_ip(), host_port, why);
    if (err == EACCES) {
        return Error("cannot expose privileged port {}: {}", host_port, what)
            .with_exit_code(kExitNotExecutable)
            .with_hint(fmt::format("an administrator can set sysctl net.ipv4.ip_unprivileged_port_start={}; "
                                   "or choose a port from "
                                   "1024 on, or --publish-fallback",
                                   host_port));
    }
    return Error(what)
        .with_exit_code(kExitNotExecutable)
        .with_hint(err == EADDRINUSE ? "choose another port, or leave the host's out to get a free one" : "");
}

uint16_t bound_port(int socket) {
    Endpoint bound;
    bound.size = sizeof bound.storage;
    check(::getsockname(socket, reinterpret_cast<sockaddr*>(&bound.storage), &bound.size),
          "read the address of a published port");
    return bound.port();
}

/// Binds every port of the mapping. One that was left open becomes the one that was free.
void open_mapping(PortMapping& port, std::vector<PortListener>& out) {
    for (uint16_t i = 0; i < port.range; ++i) {
        const auto at = static_cast<uint16_t>(port.host_port == 0 ? 0 : port.host_port + i);
        sys::Fd socket;
        if (const int err = try_listen(port, at, socket)) throw listen_error(err, port, at);
        if (at == 0) port.host_port = bound_port(socket.get());
        out.push_back({std::move(socket), static_cast<uint16_t>(port.container_port + i), port.transport});
    }
}

bool is_roots(const PortMapping& port) {
    sys::Fd probe;
    return port.host_port != 0 && try_listen(port, port.host_port, probe) == EACCES;
}

void move_up(PortMapping& port) {
    sys::Fd socket;
    const auto above = static_cast<uint16_t>(port.host_port + kMoveUp);
    if (try_listen(port, above, socket) != 0) {
        if (const int err = try_listen(port, 0, socket)) throw listen_error(err, port, 0);
    }
    const auto at = bound_port(socket.get());
    log::warn("{}/{} is a port of root's: published at {}", port.host_port, name(port.transport), at);
    port.host_port = at;
}

/// A range that begins with a port of root's becomes single ports.
std::vector<PortMapping> move_low_ports(const std::vector<PortMapping>& ports) {
    std::vector<PortMapping> out;
    for (const auto& port : ports) {
        if (!is_roots(port)) {
            out.push_back(port);
            continue;
        }
        for (uint16_t i = 0; i < port.range; ++i) {
            auto one = port.at(i);
            if (is_roots(one)) move_up(one);
            out.push_back(std::move(one));
        }
    }
    return out;
}

void prepare(std::vector<PortMapping>& ports, LowPorts low_ports) {
    const size_t count = count_ports(ports);
    if (count > kMaxListeners) {
        throw Error("publish: {} ports, where {} are possible", count, kMaxListeners)
            .with_hint("--network host has all of them");
    }
    constexpr size_t kUsualLimit = 512;
    if (count > kUsualLimit) sys::raise_open_files();
    if (low_ports == LowPorts::move_up) ports = move_low_ports(ports);
}

}  // namespace

const char* name(Transport transport) { return transport == Transport::tcp ? "tcp" : "udp"; }

std::optional<Transport> find_transport(std::string_view word) {
    for (const auto transport : {Transport::tcp, Transport::udp}) {
        if (word == name(transport)) return transport;
    }
    return std::nullopt;
}

PortMapping PortMapping::at(uint16_t index) const {
    PortMapping one = *this;
    one.range = 1;
    one.container_port = static_cast<uint16_t>(container_port + index);
    if (host_port != 0) one.host_port = static_cast<uint16_t>(host_port + index);
    return one;
}

std::string PortMapping::shown_ip() const {
    if (host_ip.empty()) return "0.0.0.0";
    return host_ip.find(':') == std::string::npos ? host_ip : "[" + host_ip + "]";
}

size_t count_ports(const std::vector<PortMapping>& ports) {
    size_t count = 0;
    for (const auto& port : ports) count += port.range;
    return count;
}

std::vector<PortListener> open_listeners(std::vector<PortMapping>& ports, LowPorts low_ports) {
    prepare(ports, low_ports);
    // Those that were named come first: none of them is then what another gets for being free.
    std::vector<PortMapping*> order;
    for (auto& port : ports) order.push_back(&port);
    std::stable_partition(order.begin(), order.end(), [](const auto* port) { return port->host_port != 0; });
    std::vector<PortListener> out;
    for (auto* port : order) open_mapping(*port, out);
    return out;
}

void choose_ports(std::vector<PortMapping>& ports, LowPorts low_ports) {
    prepare(ports, low_ports);
    // Named ones that are free now are held, too, so that none is chosen twice.
    std::vector<sys::Fd> named;
    std::vector<PortListener> chosen;
    for (const auto& port : ports) {
        for (uint16_t i = 0; port.host_port != 0 && i < port.range; ++i)
            try_listen(port, static_cast<uint16_t>(port.host_port + i), named.emplace_back());
    }
    for (auto& port : ports) {
        if (port.host_port == 0) open_mapping(port, chosen);
    }
}

}  // namespace rpod::net
