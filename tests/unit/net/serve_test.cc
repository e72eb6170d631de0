// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/serve.hh"

#include <gtest/gtest.h>

#include "base/error.hh"
#include "net/pod_world.hh"
#include "sys/file.hh"

namespace rpod::net::test {
namespace {

Endpoint v4(const char* address, uint16_t port) { return Endpoint::of(*parse_ipv4(address), port); }
Endpoint v6(const char* address, uint16_t port) { return Endpoint::of(*parse_ipv6(address), port); }

/// With a tap, and with the pair of interfaces that takes its place.
class Pod : public testing::TestWithParam<bool> {
  protected:
    void SetUp() override {
        static const std::string reason = why_no_world();
        if (!reason.empty()) GTEST_SKIP() << reason;
        if (GetParam() && !why_no_tun().empty()) GTEST_SKIP() << why_no_tun();
    }
    static World make_world() {
        World world;
        world.without_tun = !GetParam();
        return world;
    }
    static std::string echo(std::string_view text) { return std::string(text); }
    static void echo_everywhere(const MonitorEnd&) {
        for (const char* address : {"10.99.0.1", "127.0.0.1"}) {
            start_tcp_server(v4(address, 7), echo);
            start_udp_server(v4(address, 7), echo);
        }
        for (const char* address : {"fd99::1", "::1"}) {
            start_tcp_server(v6(address, 7), echo);
            start_udp_server(v6(address, 7), echo);
        }
    }
};

TEST_P(Pod, ReachesTheHostsNetworkOverTcpAndUdp) {
    World world = make_world();
    world.host = echo_everywhere;
    world.pod = [] {
        return ask_tcp(v4("10.99.0.1", 7), "tcp ") + ask_udp(v4("10.99.0.1", 7), "udp ", 500) +
               ask_tcp(v6("fd99::1", 7), "tcp6 ") + ask_udp(v6("fd99::1", 7), "udp6", 500);
    };
    EXPECT_EQ(run(world), "tcp udp tcp6 udp6");
}

TEST_P(Pod, MovesMegabytesUnchanged) {
    World world = make_world();
    world.host = echo_everywhere;
    world.pod = [] {
        std::string data(8 << 20, '\0');
        for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i * 2654435761u >> 13);
        return std::string(ask_tcp(v4("10.99.0.1", 7), data) == data ? "same" : "different") +
               (ask_tcp(v6("fd99::1", 7), data) == data ? " same" : " different");
    };
    EXPECT_EQ(run(world), "same same");
}

TEST_P(Pod, IsAnsweredByTheGatewaysPing) {
    World world = make_world();
    world.pod = [] {
        return std::string(ping(v4("10.0.2.2", 0)) ? "v4" : "-") +
               (ping(v4("10.99.0.1", 0)) ? " beyond" : " -") + (ping(v6("fd00::2", 0)) ? " v6" : " -");
    };
    EXPECT_EQ(run(world), "v4 beyond v6");
}

TEST_P(Pod, KeepsItsNetworkWhenRpodNetIsStartedAgain) {
    World world = make_world();
    world.host = echo_everywhere;
    world.pod = [] {
        std::string result = ask_tcp(v4("10.99.0.1", 7), "a") + ask_tcp(v6("fd99::1", 7), "b");
        restart_net();
        // The pod knows the gateway's hardware address; the new libslirp does not know the pod's.
        return result + ask_udp(v4("10.99.0.1", 7), "c", 300) + ask_udp(v6("fd99::1", 7), "d", 300) +
               ask_tcp(v4("10.99.0.1", 7), "e");
    };
    EXPECT_EQ(run(world), "abcde");
}

TEST_P(Pod, OutlivesServersThatHangUp) {
    World world = make_world();
    world.host = [](const MonitorEnd&) {
        start_tcp_server(v4("10.99.0.1", 7), echo);
        start_tcp_hangup(v4("10.99.0.1", 8));
    };
    world.pod = [] {
        // More than fits into the buffers on the way, so that some of it is sent to a closed connection.
        const std::string data(1 << 20, 'x');
        for (int i = 0; i < 20; ++i) ask_tcp(v4("10.99.0.1", 8), data, 1000);
        return ask_tcp(v4("10.99.0.1", 7), "alive");
    };
    EXPECT_EQ(run(world), "alive");
}

std::string reach_loopback() {
    std::string result;
    for (const Endpoint& gateway : {v4("10.0.2.2", 7), v6("fd00::2", 7)}) {
        result += ask_tcp(gateway, "tcp ", 300);
        result += ask_udp(gateway, "udp ", 300);
    }
    return result;
}

TEST_P(Pod, FindsTheHostsLoopbackClosed) {
    World world = make_world();
    world.host = echo_everywhere;
    world.pod = reach_loopback;
    const std::string result = run(world);
    EXPECT_EQ(result.find("tcp "), result.npos) << result;
    EXPECT_EQ(result.find("udp "), result.npos) << result;
}

TEST_P(Pod, FindsTheHostsLoopbackOpenOnRequest) {
    World world = make_world();
    world.config.allow_host_loopback = true;
    world.host = echo_everywhere;
    world.pod = reach_loopback;
    EXPECT_EQ(run(world), "tcp udp tcp udp ");
}

TEST_P(Pod, HasTheSysctlsOfAPod) {
    World world = make_world();
    world.pod = [] {
        std::string all;
        for (const char* name : {"ipv4/ip_unprivileged_port_start", "ipv4/ping_group_range",
                                 "ipv6/conf/tap0/accept_ra", "ipv6/conf/tap0/disable_ipv6"}) {
            all += sys::read_file(std::string("/proc/sys/net/") + name);
        }
        return all;
    };
    EXPECT_EQ(run(world), "0\n0\t0\n0\n0\n");
}

TEST_P(Pod, UsesTheNetworkAskedFor) {
    World world = make_world();
    world.config = parse_slirp_options("cidr=172.20.0.0/16,mtu=1500,enable_ipv6=false");
    world.host = echo_everywhere;
    world.pod = [] {
        return ask_tcp(v4("10.99.0.1", 7), "tcp ") + (ping(v4("172.20.0.2", 0)) ? "ping" : "-") +
               ask_tcp(v6("fd99::1", 7), "x").substr(0, 15);
    };
    EXPECT_EQ(run(world), "tcp pingerror: connect:");
}

INSTANTIATE_TEST_SUITE_P(Over, Pod, testing::Values(true, false),
                         [](const auto& tested) { return tested.param ? "Tap" : "Pair"; });

}  // namespace
}  // namespace rpod::net::test
