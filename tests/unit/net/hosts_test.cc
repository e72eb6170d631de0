// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/hosts.hh"

#include <gtest/gtest.h>

#include "base/error.hh"
#include "net/pod_world.hh"

namespace rpod::net {
namespace {

TEST(Hosts, NamesTheContainerAndTheHost) {
    EXPECT_EQ(hosts_text({.own_names = {"abc123", "web", "abc123"},
                          .own_address = "10.0.2.100",
                          .host_address = "192.168.1.7",
                          .added = {}}),
              "127.0.0.1\tlocalhost localhost.localdomain\n"
              "::1\tlocalhost ip6-localhost ip6-loopback\n"
              "10.0.2.100\tabc123 web\n"
              "192.168.1.7\thost.containers.internal host.docker.internal\n");
}

TEST(Hosts, LeavesOutWhatIsUnknown) {
    EXPECT_EQ(hosts_text({}),
              "127.0.0.1\tlocalhost localhost.localdomain\n"
              "::1\tlocalhost ip6-localhost ip6-loopback\n");
}

TEST(Hosts, PutsAddedLinesFirst) {
    const std::string text = hosts_text({.own_names = {},
                                         .own_address = "",
                                         .host_address = "192.168.1.7",
                                         .added = {"db;cache:10.1.2.3", "v6:fd00::5", "gw:host-gateway"}});
    EXPECT_EQ(text.rfind("10.1.2.3\tdb cache\nfd00::5\tv6\n192.168.1.7\tgw\n127.0.0.1\t", 0), 0u) << text;
}

TEST(Hosts, RefusesHostGatewayWithoutAnAddress) {
    EXPECT_THROW(
        hosts_text({.own_names = {}, .own_address = "", .host_address = "", .added = {"a:host-gateway"}}),
        Error);
}

TEST(Hosts, FindsTheAddressOfTheDefaultRoute) {
    if (const auto reason = test::why_no_world(); !reason.empty()) GTEST_SKIP() << reason;
    test::World world;
    world.pod = [] { return to_string(host_address().value_or(in_addr{})); };
    EXPECT_EQ(test::run(world), "10.0.2.100");
}

}  // namespace
}  // namespace rpod::net
