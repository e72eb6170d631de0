// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/frame_write.hh"

#include <algorithm>
#include <cstring>

namespace rpod::net {
namespace {

constexpr size_t kUdpHeader = 8;
constexpr size_t kTcpHeader = 20;
constexpr size_t kTcpChecksum = 16;
constexpr size_t kIpv4Checksum = 10;
constexpr uint8_t kTtl = 64;

size_t address_size(int family) { return family == AF_INET ? 4 : 16; }

void put_word(uint8_t* at, size_t value) {
    at[0] = static_cast<uint8_t>(value >> 8);
    at[1] = static_cast<uint8_t>(value);
}

uint16_t get_word(const uint8_t* at) { return static_cast<uint16_t>(at[0] << 8 | at[1]); }

/// RFC 1624, equation 3: the checksum after some of the bytes that it covers have changed.
void correct_checksum(uint8_t* at, Bytes before, Bytes after) {
    Checksum sum;
    sum.add(static_cast<uint16_t>(~get_word(at)));
    for (size_t i = 0; i + 1 < before.size(); i += 2) sum.add(static_cast<uint16_t>(~get_word(&before[i])));
    sum.add(after);
    put_word(at, sum.value());
}

}  // namespace

ReplyPath::ReplyPath(Bytes frame, const IpFrame& ip, const UdpView& udp)
    : family_(ip.family), source_port_(udp.destination_port), destination_port_(udp.source_port) {
    std::copy_n(frame.begin() + 6, 6, macs_.begin());
    std::copy_n(frame.begin(), 6, macs_.begin() + 6);
    std::copy(ip.destination.begin(), ip.destination.end(), source_.begin());
    std::copy(ip.source.begin(), ip.source.end(), destination_.begin());
}

std::vector<uint8_t> ReplyPath::make_frame(Bytes data) const {
    const size_t udp_size = kUdpHeader + data.size();
    const size_t address = address_size(family_);
    std::vector<uint8_t> frame(kEthernetHeader + ip_header() + udp_size);
    std::copy(macs_.begin(), macs_.end(), frame.begin());
    uint8_t* ip = frame.data() + kEthernetHeader;
    uint8_t* addresses = ip;
    if (family_ == AF_INET) {
        put_word(ip - 2, 0x0800);
        ip[0] = 0x45;
        put_word(ip + 2, ip_header() + udp_size);
        put_word(ip + 6, 0x4000);  // do not fragment
        ip[8] = kTtl;
        ip[9] = IPPROTO_UDP;
        addresses = ip + 12;
    } else {
        put_word(ip - 2, 0x86dd);
        ip[0] = 0x60;
        put_word(ip + 4, udp_size);
        ip[6] = IPPROTO_UDP;
        ip[7] = kTtl;
        addresses = ip + 8;
    }
    std::copy_n(source_.begin(), address, addresses);
    std::copy_n(destination_.begin(), address, addresses + address);
    if (family_ == AF_INET) {
        Checksum sum;
        sum.add(Bytes(ip, ip_header()));
        put_word(ip + kIpv4Checksum, sum.value());
    }
    uint8_t* udp = ip + ip_header();
    put_word(udp, source_port_);
    put_word(udp + 2, destination_port_);
    put_word(udp + 4, udp_size);
    if (!data.empty()) std::memcpy(udp + kUdpHeader, data.data(), data.size());
    Checksum sum;
    sum.add(Bytes(addresses, 2 * address));
    sum.add(uint16_t{IPPROTO_UDP});
    sum.add(static_cast<uint16_t>(udp_size));
    sum.add(Bytes(udp, udp_size));
    // 0 would mean "none".
    put_word(udp + 6, sum.value() == 0 ? 0xffff : sum.value());
    return frame;
}

TcpEnd TcpEnd::of(const in_addr& address, uint16_t port) {
    TcpEnd end{.address = {}, .port = port};
    std::memcpy(end.address.data(), &address, sizeof address);
    return end;
}

TcpEnd TcpEnd::of(const in6_addr& address, uint16_t port) {
    TcpEnd end{.address = {}, .port = port};
    std::memcpy(end.address.data(), &address, sizeof address);
    return end;
}

bool has_tcp_end(const IpFrame& ip, Side side, const TcpEnd& end) {
    if (ip.protocol != IPPROTO_TCP || ip.fragment || ip.payload.size() < kTcpHeader) return false;
    const Bytes address = side == Side::source ? ip.source : ip.destination;
    return get_word(&ip.payload[side == Side::source ? 0 : 2]) == end.port &&
           std::equal(address.begin(), address.end(), end.address.begin());
}

void rewrite_tcp_end(std::span<uint8_t> frame, int family, Side side, const TcpEnd& end) {
    uint8_t* ip = frame.data() + kEthernetHeader;
    const bool v4 = family == AF_INET;
    const size_t header = v4 ? size_t{4} * (ip[0] & 15) : 40;
    const size_t size = address_size(family);
    uint8_t* address = ip + (v4 ? 12 : 8) + (side == Side::source ? 0 : size);
    uint8_t* tcp = ip + header;
    uint8_t* port = tcp + (side == Side::source ? 0 : 2);

    // Address and port are both covered by TCP's checksum, the address by IPv4's.
    std::array<uint8_t, 18> before{};
    std::array<uint8_t, 18> after{};
    std::copy_n(address, size, before.begin());
    std::copy_n(port, 2, before.begin() + size);
    std::copy_n(end.address.begin(), size, after.begin());
    put_word(after.data() + size, end.port);
    correct_checksum(tcp + kTcpChecksum, Bytes(before).first(size + 2), Bytes(after).first(size + 2));
    if (v4) correct_checksum(ip + kIpv4Checksum, Bytes(before).first(size), Bytes(after).first(size));
    std::copy_n(after.begin(), size, address);
    std::copy_n(after.begin() + size, 2, port);
}

}  // namespace rpod::net
