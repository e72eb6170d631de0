// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/parse_network.hh"

#include <gtest/gtest.h>

#include "container/message_of.hh"
#include "container/network_store.hh"
#include "net/address.hh"

namespace rpod::container {
namespace {

TEST(ParseAttachment, ReadsAllOptions) {
    const auto plain = parse_attachment("app");
    EXPECT_EQ(plain.network, "app");
    EXPECT_FALSE(plain.ip || plain.mac);
    const auto full =
        parse_attachment("app:ip=10.89.0.7,mac=02:00:5e:10:00:0A,alias=a,alias=b,interface_name=lan0");
    EXPECT_EQ(net::to_string(*full.ip), "10.89.0.7");
    EXPECT_EQ(mac_text(*full.mac), "02:00:5e:10:00:0a");
    EXPECT_EQ(full.aliases, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(full.interface, "lan0");
}

TEST(ParseAttachment, BridgeIsTheDefaultOne) { EXPECT_EQ(parse_attachment("bridge").network, "podman"); }

TEST(ParseAttachment, RefusesTheRest) {
    for (const char* text :
         {"", "../x", "a b", "app:ip=10.89.0", "app:ip=fd00::1", "app:ip6=fd00::1", "app:ip", "app:",
          "app:mac=1", "app:alias=../x", "app:alias=", "app:interface_name=lo", "app:interface_name=..",
          "app:interface_name=a/b", "app:interface_name=abcdefghijklmnop", "app:color=red"})
        EXPECT_NE(message_of([&] { parse_attachment(text); }), "no error") << text;
}

TEST(ParseMac, IsOfOneHost) {
    EXPECT_EQ(mac_text(parse_mac("02-00-5E-10-00-01")), "02:00:5e:10:00:01");
    for (const char* text : {"01:00:5e:10:00:01", "02:00:5e:10:00", "02:00:5e:10:00:01:", "02:00:5e:10:00:0g",
                             "00:00:00:00:00:00"})
        EXPECT_NE(message_of([&] { parse_mac(text); }), "no error") << text;
}

TEST(NetworkName, IsNoMode) {
    for (const char* mode :
         {"none", "host", "slirp4netns:mtu=1500", "container:x", "ns:/x", "private", "pasta"})
        EXPECT_FALSE(is_network_name(mode)) << mode;
    EXPECT_TRUE(is_network_name("app:ip=10.89.0.2"));
    EXPECT_EQ(network_name("app:ip=10.89.0.2"), "app");
}

}  // namespace
}  // namespace rpod::container
