// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/listen.hh"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.hh"
#include "net/address.hh"
#include "sys/file.hh"

namespace rpod::net {
namespace {

PortMapping mapping(std::string ip, uint16_t host, uint16_t inside, Transport transport = Transport::tcp) {
    return {.host_ip = std::move(ip),
            .host_port = host,
            .container_port = inside,
            .range = 1,
            .transport = transport};
}

std::string failure_of(std::vector<PortMapping> ports, int* exit_code = nullptr) {
    try {
        open_listeners(ports, LowPorts::refuse);
    } catch (const Error& e) {
        if (exit_code) *exit_code = e.exit_code();
        return fmt::format("{}; {}", e.what(), e.hint());
    }
    return "bound";
}

Endpoint bound_to(const PortListener& listener) {
    Endpoint at;
    at.size = sizeof at.storage;
    ::getsockname(listener.socket.get(), reinterpret_cast<sockaddr*>(&at.storage), &at.size);
    return at;
}

TEST(OpenListeners, ChoosesFreePortsAndTellsThem) {
    std::vector<PortMapping> ports{mapping("127.0.0.1", 0, 80), mapping("127.0.0.1", 0, 80),
                                   mapping("::1", 0, 81, Transport::udp)};
    const auto listeners = open_listeners(ports, LowPorts::refuse);
    ASSERT_EQ(listeners.size(), 3U);
    EXPECT_NE(ports[0].host_port, 0);
    EXPECT_NE(ports[0].host_port, ports[1].host_port);
    EXPECT_EQ(listeners[0].container_port, 80);
    EXPECT_EQ(bound_to(listeners[0]), Endpoint::of(*parse_ipv4("127.0.0.1"), ports[0].host_port));
    EXPECT_EQ(bound_to(listeners[2]), Endpoint::of(*parse_ipv6("::1"), ports[2].host_port));
    EXPECT_EQ(listeners[2].transport, Transport::udp);
}

TEST(OpenListeners, SaysInPodmansWordsThatAPortIsInUse) {
    std::vector<PortMapping> ports{mapping("127.0.0.1", 0, 80), mapping("127.0.0.1", 0, 80, Transport::udp)};
    const auto held = open_listeners(ports, LowPorts::refuse);
    int exit_code = 0;
    EXPECT_EQ(
        failure_of({ports[0]}, &exit_code),
        fmt::format("listen tcp 127.0.0.1:{}: bind: address already in use; choose another port, or leave "
                    "the host's out to get a free one",
                    ports[0].host_port));
    EXPECT_EQ(exit_code, 126);
    EXPECT_EQ(failure_of({mapping("", ports[1].host_port, 1, Transport::udp)}).substr(0, 18),
              "listen udp 0.0.0.0");
}

TEST(OpenListeners, LeavesNothingBoundAfterAFailure) {
    std::vector<PortMapping> ports{mapping("127.0.0.1", 0, 80), mapping("127.0.0.1", 0, 80)};
    auto held = open_listeners(ports, LowPorts::refuse);
    held.erase(held.begin());
    EXPECT_NE(failure_of(ports), "bound");
    EXPECT_EQ(failure_of({ports[0]}), "bound");
}

TEST(OpenListeners, NamesAnAddressThatIsNotTheHosts) {
    const auto message = failure_of({mapping("192.0.2.1", 0, 80)});
    EXPECT_EQ(message, "listen tcp 192.0.2.1:0: bind: cannot assign requested address; ");
}

TEST(OpenListeners, RefusesMoreThanCanBe) {
    auto all = mapping("", 1, 1);
    all.range = 65535;
    EXPECT_EQ(failure_of({all}).substr(0, 21), "publish: 65535 ports,");
}

uint16_t first_free_for_users() {
    return static_cast<uint16_t>(std::stoul(sys::read_file("/proc/sys/net/ipv4/ip_unprivileged_port_start")));
}

TEST(OpenListeners, ExplainsThePortsOfRootOrMovesThem) {
    const auto free_from = first_free_for_users();
    if (free_from < 3 || ::geteuid() == 0) GTEST_SKIP() << "this user may have every port";
    const uint16_t low = 2;
    int exit_code = 0;
    const auto message = failure_of({mapping("127.0.0.1", low, 80)}, &exit_code);
    EXPECT_TRUE(message.starts_with(
        "cannot expose privileged port 2: listen tcp 127.0.0.1:2: bind: permission denied; an administrator"))
        << message;
    EXPECT_NE(message.find("net.ipv4.ip_unprivileged_port_start=2"), std::string::npos);
    EXPECT_EQ(exit_code, 126);
    auto range = mapping("127.0.0.1", low, 80);
    range.range = 2;
    std::vector<PortMapping> ports{range};
    const auto listeners = open_listeners(ports, LowPorts::move_up);
    ASSERT_EQ(ports.size(), 2U);
    EXPECT_GE(ports[0].host_port, free_from);
    EXPECT_EQ(ports[1].container_port, 81);
    EXPECT_EQ(bound_to(listeners[1]).port(), ports[1].host_port);
}

TEST(ChoosePorts, BindsNothingAndChoosesEachOnce) {
    std::vector<PortMapping> ports(20, mapping("127.0.0.1", 0, 80));
    choose_ports(ports, LowPorts::refuse);
    std::vector<uint16_t> chosen;
    for (const auto& port : ports) chosen.push_back(port.host_port);
    std::sort(chosen.begin(), chosen.end());
    EXPECT_EQ(std::unique(chosen.begin(), chosen.end()), chosen.end());
    EXPECT_NE(chosen.front(), 0);
    EXPECT_EQ(failure_of(ports), "bound");
}

TEST(ChoosePorts, DoesNotMindPortsInUse) {
    std::vector<PortMapping> ports{mapping("127.0.0.1", 0, 80)};
    const auto held = open_listeners(ports, LowPorts::refuse);
    const auto before = ports;
    choose_ports(ports, LowPorts::refuse);
    EXPECT_EQ(ports, before);
}

}  // namespace
}  // namespace rpod::net
