// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/config.hh"

#include <gtest/gtest.h>

#include "base/error.hh"
#include "net/address.hh"

namespace rpod::net {
namespace {

std::string error_of(std::string_view options) {
    try {
        parse_slirp_options(options);
    } catch (const Error& e) {
        return e.what();
    }
    return "";
}

TEST(SlirpOptions, DefaultsAreTheKnownAddressPlan) {
    const SlirpConfig config = parse_slirp_options("");
    EXPECT_EQ(to_string(config.pod_address()), "10.0.2.100");
    EXPECT_EQ(to_string(config.gateway()), "10.0.2.2");
    EXPECT_EQ(to_string(config.dns_address()), "10.0.2.3");
    EXPECT_EQ(to_string(config.netmask()), "255.255.255.0");
    EXPECT_EQ(to_string(SlirpConfig::pod_address6()), "fd00::100");
    EXPECT_EQ(to_string(SlirpConfig::gateway6()), "fd00::2");
    EXPECT_EQ(to_string(SlirpConfig::dns_address6()), "fd00::3");
    EXPECT_EQ(config.mtu, 65520u);
    EXPECT_TRUE(config.enable_ipv6);
    EXPECT_FALSE(config.allow_host_loopback);
}

TEST(SlirpOptions, ReadsEveryOption) {
    const SlirpConfig config = parse_slirp_options(
        "cidr=192.168.64.0/20,mtu=1500,enable_ipv6=false,allow_host_loopback=true,outbound_addr=eth0,"
        "outbound_addr6=2001:db8::1,port_handler=rootlesskit");
    EXPECT_EQ(to_string(config.pod_address()), "192.168.64.100");
    EXPECT_EQ(to_string(config.netmask()), "255.255.240.0");
    EXPECT_EQ(config.mtu, 1500u);
    EXPECT_FALSE(config.enable_ipv6);
    EXPECT_TRUE(config.allow_host_loopback);
    EXPECT_EQ(config.outbound_addr, "eth0");
    EXPECT_EQ(config.outbound_addr6, "2001:db8::1");
    EXPECT_NO_THROW(parse_slirp_options("port_handler=slirp4netns"));
}

TEST(SlirpOptions, RefusesByName) {
    EXPECT_EQ(error_of("speed=fast"), "network slirp4netns: option 'speed': no such option");
    EXPECT_EQ(error_of("mtu"), "network slirp4netns: option 'mtu': a value is missing");
    EXPECT_EQ(error_of("mtu=1500,"), "network slirp4netns: option '': a value is missing");
    for (const char* bad : {"cidr=10.0.2.0",
                            "cidr=10.0.2.0/26",
                            "cidr=10.0.2.100/24",
                            "cidr=127.0.0.0/8",
                            "cidr=0.0.0.0/8",
                            "cidr=224.0.0.0/24",
                            "cidr=10.0.2.0/-1",
                            "cidr=fd00::/64",
                            "mtu=575",
                            "mtu=65521",
                            "mtu=-1",
                            "mtu= 1500",
                            "mtu=1e3",
                            "enable_ipv6=yes",
                            "enable_ipv6=",
                            "allow_host_loopback=1",
                            "outbound_addr=",
                            "outbound_addr=a b",
                            "outbound_addr=../x",
                            "outbound_addr=sixteencharacter",
                            "outbound_addr6=10.0.0.1/8",
                            "port_handler=pasta"}) {
        EXPECT_NE(error_of(bad), "") << bad;
    }
}

TEST(SlirpOptions, RefusesAnMtuThatIpv6CannotUse) {
    EXPECT_NE(error_of("mtu=1000"), "");
    EXPECT_EQ(parse_slirp_options("mtu=1000,enable_ipv6=false").mtu, 1000u);
}

TEST(Address, TellsTheHostsLoopbackInEveryForm) {
    for (const char* text : {"127.0.0.1", "127.255.0.1", "0.0.0.0", "0.1.2.3"}) {
        EXPECT_TRUE(is_host_loopback(*parse_ipv4(text))) << text;
    }
    for (const char* text : {"10.0.2.2", "128.0.0.1", "255.255.255.255"}) {
        EXPECT_FALSE(is_host_loopback(*parse_ipv4(text))) << text;
    }
    for (const char* text :
         {"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "64:ff9b::127.0.0.1"}) {
        EXPECT_TRUE(is_host_loopback(*parse_ipv6(text))) << text;
    }
    for (const char* text : {"fd00::2", "fe80::1", "2001:db8::1", "64:ff9b::8.8.8.8", "ff02::1"}) {
        EXPECT_FALSE(is_host_loopback(*parse_ipv6(text))) << text;
    }
}

}  // namespace
}  // namespace rpod::net
