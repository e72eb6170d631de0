// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/frame.hh"

#include <linux/if_ether.h>
#include <netinet/icmp6.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "net/address.hh"

namespace rpod::net {
namespace {

constexpr size_t kArpFrame = kEthernetHeader + 28;
constexpr size_t kIpv4Header = 20;
constexpr uint16_t kDhcpServer = 67;
constexpr uint16_t kTftp = 69;
constexpr uint16_t kDhcp6Server = 547;

uint16_t word_at(Bytes bytes, size_t at) { return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]); }

template <class Address>
Address to_address(Bytes bytes) {
    Address address;
    std::memcpy(&address, bytes.data(), sizeof address);
    return address;
}

std::optional<IpFrame> parse_ipv4_packet(Bytes packet) {
    if (packet.size() < kIpv4Header || packet[0] >> 4 != 4) return std::nullopt;
    const size_t header = size_t{4} * (packet[0] & 15);
    const size_t total = word_at(packet, 2);
    if (header < kIpv4Header || header > total || total > packet.size()) return std::nullopt;
    // More fragments, or not the first one.
    const bool fragment = word_at(packet, 6) & 0x3fff;
    return IpFrame{.family = AF_INET,
                   .protocol = packet[9],
                   .fragment = fragment,
                   .source = packet.subspan(12, 4),
                   .destination = packet.subspan(16, 4),
                   .header = packet.first(header),
                   .payload = packet.subspan(header, total - header)};
}

std::optional<IpFrame> parse_ipv6_packet(Bytes packet) {
    if (packet.size() < 40 || packet[0] >> 4 != 6) return std::nullopt;
    const size_t length = word_at(packet, 4);
    if (40 + length > packet.size()) return std::nullopt;
    return IpFrame{.family = AF_INET6,
                   .protocol = packet[6],
                   .fragment = false,
                   .source = packet.subspan(8, 16),
                   .destination = packet.subspan(24, 16),
                   .header = packet.first(40),
                   .payload = packet.subspan(40, length)};
}

bool is_multicast6(Bytes address6) { return address6[0] == 0xff; }

}  // namespace

std::optional<IpFrame> parse_ip(Bytes frame) {
    if (frame.size() < kEthernetHeader) return std::nullopt;
    switch (word_at(frame, 12)) {
        case ETH_P_IP:
            return parse_ipv4_packet(frame.subspan(kEthernetHeader));
        case ETH_P_IPV6:
            return parse_ipv6_packet(frame.subspan(kEthernetHeader));
        default:
            return std::nullopt;
    }
}

bool may_resolve(Bytes frame) {
    if (frame.size() < kEthernetHeader) return false;
    const uint16_t type = word_at(frame, 12);
    if (type != ETH_P_IPV6) return type == ETH_P_ARP;
    const auto ip = parse_ip(frame);
    return ip && ip->protocol == IPPROTO_ICMPV6;
}

std::optional<UdpView> parse_udp(const IpFrame& ip) {
    if (ip.protocol != IPPROTO_UDP || ip.fragment || ip.payload.size() < 8) return std::nullopt;
    const size_t length = word_at(ip.payload, 4);
    if (length < 8 || length > ip.payload.size()) return std::nullopt;
    return UdpView{.source_port = word_at(ip.payload, 0),
                   .destination_port = word_at(ip.payload, 2),
                   .data = ip.payload.subspan(8, length - 8)};
}

void Checksum::add(Bytes bytes) {
    size_t i = 0;
    for (; i + 1 < bytes.size(); i += 2) sum_ += word_at(bytes, i);
    if (i < bytes.size()) sum_ += static_cast<uint64_t>(bytes[i]) << 8;
}

uint16_t Checksum::value() const {
    uint64_t sum = sum_;
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<uint16_t>(~sum);
}

bool FrameFilter::allows(Bytes frame) const {
    if (frame.size() < kEthernetHeader) return false;
    if (word_at(frame, 12) == ETH_P_ARP) return frame.size() >= kArpFrame;
    const auto ip = parse_ip(frame);
    return ip && allows_ip(*ip);
}

/// The gateway and the DNS address, which libslirp answers itself; of IPv6 by their link-local addresses too.
bool FrameFilter::is_to_libslirp(const IpFrame& ip) const {
    if (ip.family == AF_INET) {
        const in_addr_t to = to_address<in_addr>(ip.destination).s_addr;
        return to == gateway_.s_addr || to == dns_.s_addr;
    }
    static const std::array<in6_addr, 2> kOwn = {SlirpConfig::gateway6(), SlirpConfig::dns_address6()};
    static constexpr uint8_t kLinkLocal[8] = {0xfe, 0x80};
    const uint8_t* to = ip.destination.data();
    const auto prefix = SlirpConfig::prefix6();
    if (std::memcmp(to, &prefix, 8) != 0 && std::memcmp(to, kLinkLocal, 8) != 0) return false;
    return std::any_of(kOwn.begin(), kOwn.end(),
                       [&](const in6_addr& own) { return std::memcmp(to + 8, own.s6_addr + 8, 8) == 0; });
}

bool FrameFilter::allows_ip(const IpFrame& ip) const {
    const bool v4 = ip.family == AF_INET;
    if (ip.fragment || (v4 && ip.header.size() > kIpv4Header)) return false;
    if (v4 ? is_host_loopback(to_address<in_addr>(ip.destination))
           : is_host_loopback(to_address<in6_addr>(ip.destination))) {
        return false;
    }
    if (ip.protocol == IPPROTO_UDP && ip.payload.size() >= 4) {
        const uint16_t port = word_at(ip.payload, 2);
        const bool to_all = v4 ? to_address<in_addr>(ip.destination).s_addr == INADDR_BROADCAST
                               : is_multicast6(ip.destination);
        const bool own_server = port == kDhcpServer || port == kTftp || port == kDhcp6Server;
        if (own_server && (to_all || is_to_libslirp(ip))) return false;
    }
    // libslirp answers pings to itself and writes a line for every other one: it cannot send ICMPv6.
    if (ip.protocol == IPPROTO_ICMPV6 && !v4 && !ip.payload.empty() && ip.payload[0] == ICMP6_ECHO_REQUEST) {
        return is_to_libslirp(ip);
    }
    return true;
}

}  // namespace rpod::net
