// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/frame.hh"

#include <gtest/gtest.h>

#include <algorithm>

#include <cstring>

#include "net/address.hh"
#include "net/frame_write.hh"

namespace rpod::net {
namespace {

using Frame = std::vector<uint8_t>;

Frame with_ethernet(uint16_t type, Frame packet) {
    Frame frame(kEthernetHeader, 0x02);
    frame[12] = static_cast<uint8_t>(type >> 8);
    frame[13] = static_cast<uint8_t>(type);
    frame.insert(frame.end(), packet.begin(), packet.end());
    return frame;
}

Frame ipv4(const char* to, uint8_t protocol, Frame payload) {
    Frame packet(20);
    packet[0] = 0x45;
    packet[2] = static_cast<uint8_t>((20 + payload.size()) >> 8);
    packet[3] = static_cast<uint8_t>(20 + payload.size());
    packet[9] = protocol;
    const in_addr from = *parse_ipv4("10.0.2.100");
    const in_addr address = *parse_ipv4(to);
    std::memcpy(&packet[12], &from, 4);
    std::memcpy(&packet[16], &address, 4);
    packet.insert(packet.end(), payload.begin(), payload.end());
    return with_ethernet(0x0800, packet);
}

Frame ipv6(const char* to, uint8_t protocol, Frame payload) {
    Frame packet(40);
    packet[0] = 0x60;
    packet[5] = static_cast<uint8_t>(payload.size());
    packet[6] = protocol;
    const in6_addr from = *parse_ipv6("fd00::100");
    const in6_addr address = *parse_ipv6(to);
    std::memcpy(&packet[8], &from, 16);
    std::memcpy(&packet[24], &address, 16);
    packet.insert(packet.end(), payload.begin(), payload.end());
    return with_ethernet(0x86dd, packet);
}

Frame udp(uint16_t port, const std::string& data = "") {
    // Filled in place: gcc 12 takes a vector that grows by insert() for an overflow.
    const Frame header = {0x30,
                          0x39,
                          static_cast<uint8_t>(port >> 8),
                          static_cast<uint8_t>(port),
                          0,
                          static_cast<uint8_t>(8 + data.size()),
                          0,
                          0};
    Frame datagram(header.size() + data.size());
    std::copy(data.begin(), data.end(), std::copy(header.begin(), header.end(), datagram.begin()));
    return datagram;
}

bool allows(const Frame& frame) { return FrameFilter(SlirpConfig{}).allows(frame); }

TEST(FrameFilter, LetsOrdinaryTrafficPass) {
    EXPECT_TRUE(allows(with_ethernet(0x0806, Frame(28))));
    EXPECT_TRUE(allows(ipv4("192.0.2.1", IPPROTO_TCP, Frame(20))));
    EXPECT_TRUE(allows(ipv4("10.0.2.3", IPPROTO_UDP, udp(53))));
    EXPECT_TRUE(allows(ipv6("2001:db8::1", IPPROTO_UDP, udp(443))));
    EXPECT_TRUE(allows(ipv4("192.0.2.1", IPPROTO_UDP, udp(69))));
}

TEST(FrameFilter, ClosesTheHostsLoopback) {
    for (const char* to : {"127.0.0.1", "127.8.8.8", "0.0.0.0", "0.0.0.1"}) {
        EXPECT_FALSE(allows(ipv4(to, IPPROTO_TCP, Frame(20)))) << to;
        EXPECT_FALSE(allows(ipv4(to, IPPROTO_ICMP, Frame(8)))) << to;
    }
    for (const char* to : {"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1"}) {
        EXPECT_FALSE(allows(ipv6(to, IPPROTO_TCP, Frame(20)))) << to;
    }
}

TEST(FrameFilter, KeepsLibslirpsOwnServersOutOfReach) {
    EXPECT_FALSE(allows(ipv4("10.0.2.2", IPPROTO_UDP, udp(69))));
    EXPECT_FALSE(allows(ipv4("255.255.255.255", IPPROTO_UDP, udp(67))));
    EXPECT_FALSE(allows(ipv6("ff02::1:2", IPPROTO_UDP, udp(547))));
    EXPECT_FALSE(allows(ipv6("fd00::2", IPPROTO_UDP, udp(69))));
    EXPECT_FALSE(allows(with_ethernet(0x88f8, Frame(60))));
    EXPECT_FALSE(allows(with_ethernet(0x8100, Frame(60))));
}

TEST(FrameFilter, LetsOnlyPingsToLibslirpPassInIpv6) {
    EXPECT_TRUE(allows(ipv6("fd00::2", IPPROTO_ICMPV6, {128, 0, 0, 0, 0, 0, 0, 0})));
    EXPECT_TRUE(allows(ipv6("fe80::3", IPPROTO_ICMPV6, {128, 0, 0, 0, 0, 0, 0, 0})));
    EXPECT_FALSE(allows(ipv6("fe80::4", IPPROTO_ICMPV6, {128, 0, 0, 0, 0, 0, 0, 0})));
    EXPECT_FALSE(allows(ipv6("2001:db8::1", IPPROTO_ICMPV6, {128, 0, 0, 0, 0, 0, 0, 0})));
    EXPECT_TRUE(allows(ipv6("ff02::1:ff00:2", IPPROTO_ICMPV6, {135, 0, 0, 0})));
}

TEST(FrameFilter, KeepsFragmentsAndOptionsFromLibslirp) {
    Frame frame = ipv4("192.0.2.1", IPPROTO_UDP, udp(443));
    frame[20] = 0x40;  // do not fragment
    EXPECT_TRUE(allows(frame));
    frame[20] = 0x20;  // more fragments
    EXPECT_FALSE(allows(frame));
    frame[20] = 0;
    frame[21] = 1;  // not the first
    EXPECT_FALSE(allows(frame));
    frame[21] = 0;
    frame[14] = 0x46;
    EXPECT_FALSE(allows(frame));
}

TEST(FrameFilter, DropsFramesThatContradictThemselves) {
    Frame frame = ipv4("192.0.2.1", IPPROTO_TCP, Frame(20));
    for (size_t n = 0; n < frame.size(); ++n)
        EXPECT_FALSE(allows(Frame(frame.begin(), frame.begin() + static_cast<ptrdiff_t>(n)))) << n;
    Frame other = frame;
    other[14] = 0x44;  // a header of 16 bytes
    EXPECT_FALSE(allows(other));
    other[14] = 0x4f;  // a header of 60 bytes in a packet of 40
    EXPECT_FALSE(allows(other));
    other[14] = 0x65;
    EXPECT_FALSE(allows(other));
    Frame six = ipv6("2001:db8::1", IPPROTO_UDP, udp(443));
    six[18] = 1;  // longer than the frame
    EXPECT_FALSE(allows(six));
}

uint16_t sum_of(Bytes pseudo_addresses, uint8_t protocol, Bytes payload) {
    Checksum sum;
    sum.add(pseudo_addresses);
    sum.add(uint16_t{protocol});
    sum.add(static_cast<uint16_t>(payload.size()));
    sum.add(payload);
    return sum.value();
}

TEST(ReplyPath, TurnsAddressesRoundWithGoodChecksums) {
    for (const Frame& frame :
         {ipv4("10.0.2.3", IPPROTO_UDP, udp(53, "odd")), ipv6("fd00::3", IPPROTO_UDP, udp(53, "odd"))}) {
        const auto ip = parse_ip(frame);
        const auto reply = ReplyPath(frame, *ip, *parse_udp(*ip)).make_frame(Bytes(frame).first(7));
        const auto answer = parse_ip(reply);
        ASSERT_TRUE(answer);
        EXPECT_TRUE(std::equal(answer->source.begin(), answer->source.end(), ip->destination.begin()));
        EXPECT_TRUE(std::equal(answer->destination.begin(), answer->destination.end(), ip->source.begin()));
        const auto datagram = parse_udp(*answer);
        ASSERT_TRUE(datagram);
        EXPECT_EQ(datagram->source_port, 53);
        EXPECT_EQ(datagram->destination_port, 0x3039);
        EXPECT_EQ(datagram->data.size(), 7u);
        const Bytes addresses(answer->source.data(), 2 * answer->source.size());
        EXPECT_EQ(sum_of(addresses, IPPROTO_UDP, answer->payload), 0);
        if (answer->family == AF_INET) {
            Checksum header;
            header.add(answer->header);
            EXPECT_EQ(header.value(), 0);
        }
    }
}

TEST(TcpEnd, IsRewrittenWithChecksumsThatStayRight) {
    for (Frame frame :
         {ipv4("10.0.2.3", IPPROTO_TCP, Frame(23, 0x5a)), ipv6("fd00::3", IPPROTO_TCP, Frame(23, 0x5a))}) {
        auto ip = parse_ip(frame);
        const bool v4 = ip->family == AF_INET;
        uint8_t* tcp = frame.data() + kEthernetHeader + ip->header.size();
        tcp[2] = 0;
        tcp[3] = 53;
        tcp[16] = tcp[17] = 0;
        const uint16_t sum =
            sum_of(Bytes(ip->source.data(), 2 * ip->source.size()), IPPROTO_TCP, ip->payload);
        tcp[16] = static_cast<uint8_t>(sum >> 8);
        tcp[17] = static_cast<uint8_t>(sum);
        const auto from =
            v4 ? TcpEnd::of(*parse_ipv4("10.0.2.3"), 53) : TcpEnd::of(*parse_ipv6("fd00::3"), 53);
        const auto to =
            v4 ? TcpEnd::of(*parse_ipv4("127.0.0.1"), 40001) : TcpEnd::of(*parse_ipv6("::1"), 40001);
        ASSERT_TRUE(has_tcp_end(*ip, Side::destination, from));
        EXPECT_FALSE(has_tcp_end(*ip, Side::source, from));
        rewrite_tcp_end(frame, ip->family, Side::destination, to);
        ip = parse_ip(frame);
        EXPECT_TRUE(has_tcp_end(*ip, Side::destination, to));
        EXPECT_EQ(sum_of(Bytes(ip->source.data(), 2 * ip->source.size()), IPPROTO_TCP, ip->payload), 0);
    }
}

}  // namespace
}  // namespace rpod::net
