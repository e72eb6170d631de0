// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/config.hh"

#include "base/error.hh"
#include "base/strings.hh"
#include "net/address.hh"

namespace rpod::net {
namespace {

in6_addr in_prefix6(uint16_t host) {
    in6_addr address{};
    address.s6_addr[0] = 0xfd;
    address.s6_addr[14] = static_cast<uint8_t>(host >> 8);
    address.s6_addr[15] = static_cast<uint8_t>(host);
    return address;
}

in_addr host_in(const SlirpConfig& config, uint32_t host) {
    return {htonl(ntohl(config.network.s_addr) + host)};
}

bool parse_bool(std::string_view value) {
    if (value == "true") return true;
    if (value == "false") return false;
    throw Error("'{}' is neither true nor false", printable(value));
}

void parse_cidr(SlirpConfig& config, std::string_view value) {
    const auto parts = split(value, '/', 2);
    const auto address = parse_ipv4(parts[0]);
    const auto length = parts.size() == 2 ? parse_uint(parts[1], 32) : std::nullopt;
    if (!address || !length) throw Error("'{}' is not an IPv4 network like 10.0.2.0/24", printable(value));
    if (*length < 8 || *length > 25) {
        throw Error("'{}' has a prefix that is not between /8 and /25", printable(value));
    }
    config.network = *address;
    config.prefix_length = static_cast<unsigned>(*length);
    if (address->s_addr & ~config.netmask().s_addr) {
        throw Error("'{}' is an address in a network, not a network", printable(value));
    }
    const uint32_t first = ntohl(address->s_addr) >> 24;
    if (first == 0 || first == 127 || first >= 224) {
        throw Error("'{}' is a loopback, multicast or reserved network", printable(value));
    }
}

unsigned parse_mtu(std::string_view value) {
    const auto mtu = parse_uint(value, 65520);
    if (!mtu || *mtu < 576) throw Error("'{}' is not a number between 576 and 65520", printable(value));
    return static_cast<unsigned>(*mtu);
}

std::string parse_outbound(std::string_view value, bool is_address, const char* family) {
    if (!is_address && !is_interface_name(value)) {
        throw Error("'{}' is neither an {} address nor an interface", printable(value), family);
    }
    return std::string(value);
}

void check_port_handler(std::string_view value) {
    if (value != "rootlesskit" && value != "slirp4netns") {
        throw Error("'{}' is neither rootlesskit nor slirp4netns", printable(value));
    }
}

void parse_option(SlirpConfig& config, std::string_view key, std::string_view value) {
    if (key == "cidr")
        parse_cidr(config, value);
    else if (key == "mtu")
        config.mtu = parse_mtu(value);
    else if (key == "enable_ipv6")
        config.enable_ipv6 = parse_bool(value);
    else if (key == "allow_host_loopback")
        config.allow_host_loopback = parse_bool(value);
    else if (key == "outbound_addr") {
        config.outbound_addr = parse_outbound(value, parse_ipv4(value).has_value(), "IPv4");
    } else if (key == "outbound_addr6") {
        config.outbound_addr6 = parse_outbound(value, parse_ipv6(value).has_value(), "IPv6");
    } else if (key == "port_handler")
        check_port_handler(value);
    else {
        throw Error("no such option")
            .with_hint(
                "options: allow_host_loopback, cidr, enable_ipv6, mtu, outbound_addr, outbound_addr6, "
                "port_handler");
    }
}

}  // namespace

in_addr SlirpConfig::netmask() const { return {htonl(~uint32_t{0} << (32 - prefix_length))}; }
in_addr SlirpConfig::pod_address() const {
    if (own_address) return *own_address;
    return own_gateway ? *own_gateway : host_in(*this, 100);
}
in_addr SlirpConfig::gateway() const { return own_gateway.value_or(host_in(*this, 2)); }
in_addr SlirpConfig::dns_address() const { return own_gateway.value_or(host_in(*this, 3)); }
in6_addr SlirpConfig::prefix6() { return in_prefix6(0); }
in6_addr SlirpConfig::pod_address6() { return in_prefix6(0x100); }
in6_addr SlirpConfig::gateway6() { return in_prefix6(2); }
in6_addr SlirpConfig::dns_address6() { return in_prefix6(3); }

SlirpConfig parse_slirp_options(std::string_view text) {
    SlirpConfig config;
    if (text.empty()) return config;
    for (const std::string_view option : split(text, ',')) {
        const auto parts = split(option, '=', 2);
        const std::string_view key = parts[0];
        in_context(
            [&] {
                if (parts.size() < 2) throw Error("a value is missing");
                parse_option(config, key, parts[1]);
            },
            "network slirp4netns: option '{}'", printable(key));
    }
    if (config.enable_ipv6 && config.mtu < 1280) {
        throw Error("network slirp4netns: mtu {} is below 1280, which IPv6 needs", config.mtu)
            .with_hint("add enable_ipv6=false");
    }
    return config;
}

}  // namespace rpod::net
