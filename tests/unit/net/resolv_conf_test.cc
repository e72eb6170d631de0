// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/resolv_conf.hh"

#include <gtest/gtest.h>

#include "base/error.hh"
#include "net/resolvers.hh"

namespace rpod::net {
namespace {

using Strings = std::vector<std::string>;

TEST(ResolvConf, ReadsWhatAHostHas) {
    const auto conf = parse_resolv_conf(
        "# made by a program\n"
        "; another comment\n"
        "nameserver 127.0.0.53\n"
        "nameserver\t2001:db8::1  trailing\r\n"
        "nameserver fe80::1%eth0\n"
        "domain old.example\n"
        "search a.example b.example\n"
        "options edns0 trust-ad\n"
        "options ndots:2\n"
        "sortlist 1.2.3.4\n");
    EXPECT_EQ(conf.nameservers, (Strings{"127.0.0.53", "2001:db8::1", "fe80::1%eth0"}));
    EXPECT_EQ(conf.search, (Strings{"a.example", "b.example"}));
    EXPECT_EQ(conf.options, (Strings{"edns0", "trust-ad", "ndots:2"}));
}

TEST(ResolvConf, SkipsWhatIsNoAddress) {
    EXPECT_TRUE(
        parse_resolv_conf("nameserver example.org\nnameserver 1.2.3\nnameserver 1.2.3.4%eth0\n"
                          "nameserver fe80::1%../../x\nnameserver\nnameserver \nnameserverx 1.2.3.4\n")
            .nameservers.empty());
}

TEST(ResolvConf, IsBoundedWhateverComes) {
    std::string text;
    for (int i = 0; i < 100; ++i) text += "nameserver 10.0.0." + std::to_string(i) + "\n";
    text += "search";
    for (int i = 0; i < 100; ++i) text += " d" + std::to_string(i);
    text += "\noptions";
    for (int i = 0; i < 100; ++i) text += " o" + std::to_string(i);
    text += "\noptions more\nsearch " + std::string(1000, 'x') + "\n";
    const auto conf = parse_resolv_conf(text);
    EXPECT_EQ(conf.nameservers.size(), ResolvConf::kMaxNameservers);
    EXPECT_TRUE(conf.search.empty());
    EXPECT_EQ(conf.options.size(), ResolvConf::kMaxOptions);
    EXPECT_EQ(parse_resolv_conf(std::string(1 << 20, ' ')), ResolvConf{});
    EXPECT_EQ(parse_resolv_conf(std::string("search a\x1b[31m b\x00"
                                            "c\n",
                                            16)),
              ResolvConf{});
}

TEST(ResolvConf, ComesBackFromItsText) {
    const ResolvConf conf{.nameservers = {"10.0.2.3"}, .search = {"a", "b"}, .options = {"ndots:1"}};
    EXPECT_EQ(to_text(conf), "nameserver 10.0.2.3\nsearch a b\noptions ndots:1\n");
    EXPECT_EQ(parse_resolv_conf(to_text(conf)), conf);
}

TEST(ResolvConf, TakesWhatTheCommandLineSays) {
    const ResolvConf host{.nameservers = {"127.0.0.53"}, .search = {"corp"}, .options = {"edns0"}};
    EXPECT_EQ(container_resolv_conf(host, {}, {"10.0.2.3"}),
              "nameserver 10.0.2.3\nsearch corp\noptions edns0\n");
    EXPECT_EQ(
        container_resolv_conf(host, {.servers = {"9.9.9.9"}, .search = {"x.example"}, .options = {"ndots:3"}},
                              {"10.0.2.3"}),
        "nameserver 9.9.9.9\nsearch x.example\noptions ndots:3\n");
    EXPECT_EQ(container_resolv_conf(host, {.servers = {}, .search = {"."}, .options = {}}, {"10.0.2.3"}),
              "nameserver 10.0.2.3\noptions edns0\n");
}

TEST(DnsOptions, RefusesWhatCouldStartALineOfItsOwn) {
    EXPECT_NO_THROW(validate({.servers = {"::1", "10.0.0.1"}, .search = {"."}, .options = {"ndots:1"}}));
    EXPECT_THROW(validate({.servers = {"example.org"}, .search = {}, .options = {}}), Error);
    EXPECT_THROW(validate({.servers = {}, .search = {"a\nnameserver 6.6.6.6"}, .options = {}}), Error);
    EXPECT_THROW(validate({.servers = {}, .search = {}, .options = {"a b"}}), Error);
}

TEST(Resolvers, StartWithTheOneThatAnsweredLast) {
    Resolvers resolvers({.nameservers = {"10.0.0.1", "10.0.0.2", "10.0.0.3"}, .search = {}, .options = {}});
    EXPECT_EQ(resolvers.start(), 0u);
    resolvers.answered(4);
    EXPECT_EQ(resolvers.start(), 1u);
    resolvers.set(
        {.nameservers = {"10.0.0.1", "10.0.0.2"}, .search = {}, .options = {"rotate", "timeout:7"}});
    EXPECT_NE(resolvers.start(), resolvers.start());
    EXPECT_EQ(resolvers.try_ms(), 7000);
}

TEST(Resolvers, LeaveOutScopesThatDoNotExist) {
    EXPECT_EQ(
        Resolvers({.nameservers = {"fe80::1%nosuch0", "fe80::1%lo"}, .search = {}, .options = {}}).size(),
        1u);
}

}  // namespace
}  // namespace rpod::net
