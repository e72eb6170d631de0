// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <random>
#include <vector>

#include "base/error.hh"
#include "net/frame.hh"
#include "net/netlink.hh"
#include "net/pod_world.hh"

namespace rpod::net::test {
namespace {

using Frame = std::vector<uint8_t>;

/// Frames that are right in some layers and wrong in others: lengths, flags, offsets and options are random,
/// checksums are mostly right, so that libslirp does not stop at them.
class HostileFrames {
  public:
    explicit HostileFrames(unsigned seed) : random_(seed) {}

    Frame next() {
        Frame frame = {0x52, 0x55, 10, 0, 2, 2, 0x02, 0, 0, 0, 0, 1, 0x08, 0x00};
        switch (pick(8)) {
            case 0:
                return arp(frame);
            case 1:
            case 2:
            case 3:
                return ipv6(frame);
            case 4:
                return noise();
            default:
                return ipv4(frame);
        }
    }

  private:
    unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }
    uint8_t byte() { return static_cast<uint8_t>(random_()); }

    Frame noise() {
        Frame frame(pick(200));
        for (auto& b : frame) b = byte();
        return frame;
    }

    Frame arp(Frame frame) {
        frame[13] = 0x06;
        const Frame request = {0, 1, 8, 0,  6, 4, 0,     static_cast<uint8_t>(pick(4)), 2, 0, 0,
                               0, 0, 1, 10, 0, 2, byte()};
        frame.insert(frame.end(), request.begin(), request.end());
        for (int i = 0; i < 6; ++i) frame.push_back(byte());
        for (const uint8_t b : {10, 0, 2}) frame.push_back(b);
        frame.push_back(byte());
        return frame;
    }

    /// Source and destination port, then a header of the protocol with random fields, then random data.
    Frame payload(uint8_t protocol) {
        Frame data(pick(4) == 0 ? pick(12) : 20 + pick(pick(10) == 0 ? 3000 : 100));
        for (auto& b : data) b = byte();
        static constexpr uint16_t kPorts[] = {7, 21, 53, 67, 69, 113, 514, 543, 547, 6668, 7070};
        const uint16_t port = kPorts[pick(std::size(kPorts))];
        if (data.size() >= 8 && protocol != IPPROTO_ICMP && protocol != IPPROTO_ICMPV6) {
            data[0] = 0x40;
            data[1] &= 3;  // few sources, so that frames meet the state that others have made
            data[2] = static_cast<uint8_t>(port >> 8);
            data[3] = static_cast<uint8_t>(port);
        }
        if (protocol == IPPROTO_TCP && data.size() >= 20 && pick(2)) {
            data[12] = static_cast<uint8_t>(5 + pick(3)) << 4;
            data[13] = pick(3) ? 0x02 : byte();
        }
        if (protocol == IPPROTO_UDP && data.size() >= 8 && pick(3)) {
            data[4] = static_cast<uint8_t>(data.size() >> 8);
            data[5] = static_cast<uint8_t>(data.size());
        }
        if (protocol == IPPROTO_ICMPV6 && !data.empty() && pick(4))
            data[0] = static_cast<uint8_t>(128 + pick(12));
        if (protocol == IPPROTO_ICMP && !data.empty() && pick(4)) data[0] = static_cast<uint8_t>(pick(19));
        return data;
    }

    void fix_checksum(Frame& data, size_t at, Bytes pseudo, uint8_t protocol) {
        if (data.size() < at + 2 || pick(8) == 0) return;
        data[at] = data[at + 1] = 0;
        Checksum sum;
        sum.add(pseudo);
        if (!pseudo.empty()) {
            sum.add(uint16_t{protocol});
            sum.add(static_cast<uint16_t>(data.size()));
        }
        sum.add(data);
        data[at] = static_cast<uint8_t>(sum.value() >> 8);
        data[at + 1] = static_cast<uint8_t>(sum.value());
    }

    Frame ipv4(Frame frame) {
        static constexpr uint8_t kProtocols[] = {IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDP,
                                                 IPPROTO_ICMP};
        const uint8_t protocol = pick(20) ? kProtocols[pick(std::size(kProtocols))] : byte();
        Frame data = payload(protocol);
        Frame header(pick(5) ? 20 : 20 + 4 * pick(11));
        for (auto& b : header) b = byte();
        const size_t total =
            header.size() + data.size() - (pick(10) ? 0 : pick(30)) + (pick(20) ? 0 : pick(30));
        header[0] = static_cast<uint8_t>(0x40 | (pick(20) ? header.size() / 4 : pick(16)));
        header[2] = static_cast<uint8_t>(total >> 8);
        header[3] = static_cast<uint8_t>(total);
        header[4] = 0;
        header[5] &= 3;
        if (pick(4)) header[6] = header[7] = 0;  // else some fragment
        header[8] = pick(10) ? 64 : byte();
        header[9] = protocol;
        const Frame source = {10, 0, 2, static_cast<uint8_t>(pick(5) ? 100 : byte())};
        static constexpr uint8_t kTargets[][4] = {{10, 99, 0, 1},       {10, 0, 2, 2},  {10, 0, 2, 3},
                                                  {255, 255, 255, 255}, {127, 0, 0, 1}, {224, 0, 0, 1},
                                                  {10, 0, 2, 100}};
        std::copy(source.begin(), source.end(), header.begin() + 12);
        const auto& target = kTargets[pick(std::size(kTargets))];
        std::copy(std::begin(target), std::end(target), header.begin() + 16);
        header[10] = header[11] = 0;
        fix_checksum(header, 10, {}, 0);
        const size_t at = protocol == IPPROTO_TCP ? 16 : protocol == IPPROTO_UDP ? 6 : 2;
        fix_checksum(data, at, protocol == IPPROTO_ICMP ? Bytes{} : Bytes(header).subspan(12, 8), protocol);
        frame.insert(frame.end(), header.begin(), header.end());
        frame.insert(frame.end(), data.begin(), data.end());
        return frame;
    }

    Frame ipv6(Frame frame) {
        frame[12] = 0x86;
        frame[13] = 0xdd;
        static constexpr uint8_t kProtocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMPV6, IPPROTO_ICMPV6};
        const uint8_t protocol = pick(20) ? kProtocols[pick(std::size(kProtocols))] : byte();
        Frame data = payload(protocol);
        Frame header(40);
        header[0] = 0x60;
        const size_t length = data.size() - (pick(10) ? 0 : std::min<size_t>(data.size(), pick(30))) +
                              (pick(20) ? 0 : pick(30));
        header[4] = static_cast<uint8_t>(length >> 8);
        header[5] = static_cast<uint8_t>(length);
        header[6] = protocol;
        header[7] = pick(3) ? 255 : byte();
        static const char* const kTargets[] = {"fd99::1",  "fd00::2",       "fd00::3",   "fe80::2",
                                               "ff02::1",  "ff02::2",       "ff02::1:2", "::1",
                                               "fd00::77", "ff02::1:ff00:2"};
        const in6_addr source = *parse_ipv6(pick(5) ? "fd00::100" : "::");
        const in6_addr target = *parse_ipv6(kTargets[pick(std::size(kTargets))]);
        std::copy_n(source.s6_addr, 16, header.begin() + 8);
        std::copy_n(target.s6_addr, 16, header.begin() + 24);
        const size_t at = protocol == IPPROTO_TCP ? 16 : protocol == IPPROTO_UDP ? 6 : 2;
        fix_checksum(data, at, Bytes(header).subspan(8, 32), protocol);
        frame.insert(frame.end(), header.begin(), header.end());
        frame.insert(frame.end(), data.begin(), data.end());
        return frame;
    }

    std::mt19937 random_;
};

void send_frames(unsigned seed, int count) {
    const sys::Fd socket(check(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "open a packet socket"));
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(Netlink().index_of("tap0"));
    HostileFrames frames(seed);
    for (int i = 0; i < count; ++i) {
        const Frame frame = frames.next();
        // A full queue (ENOBUFS) and a frame without a whole header (EINVAL) are not the point.
        ::sendto(socket.get(), frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&to),
                 sizeof to);
        if (i % 500 == 499) ask_udp(Endpoint::of(*parse_ipv4("10.99.0.1"), 7), "sync", 200);
    }
}

TEST(HostileFrames, DoNotEndThePodsNetwork) {
    if (const auto reason = why_no_world(); !reason.empty()) GTEST_SKIP() << reason;
    World world;
    world.host = [](const MonitorEnd&) {
        const auto echo = [](std::string_view text) { return std::string(text); };
        start_tcp_server(Endpoint::of(*parse_ipv4("10.99.0.1"), 7), echo);
        start_udp_server(Endpoint::of(*parse_ipv4("10.99.0.1"), 7), echo);
    };
    const char* count = ::getenv("RPOD_TEST_FRAMES");
    world.pod = [&] {
        send_frames(std::random_device()(), count ? std::atoi(count) : 5000);
        return ask_tcp(Endpoint::of(*parse_ipv4("10.99.0.1"), 7), "still here");
    };
    EXPECT_EQ(run(world), "still here");
}

}  // namespace
}  // namespace rpod::net::test
