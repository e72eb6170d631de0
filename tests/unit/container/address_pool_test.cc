// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/address_pool.hh"

#include <gtest/gtest.h>

#include <set>

#include "container/message_of.hh"
#include "net/address.hh"

namespace rpod::container {
namespace {

/// A pool of what is taken, too.
struct World {
    AddressPool pool;
    std::set<in_addr_t> taken = {};

    std::string take(const char* wanted = nullptr) {
        const auto address = pool.take(wanted ? net::parse_ipv4(wanted) : std::nullopt,
                                       [this](in_addr a) { return taken.contains(a.s_addr); });
        taken.insert(address.s_addr);
        return net::to_string(address);
    }
    void free(const char* address) { taken.erase(net::parse_ipv4(address)->s_addr); }
};

World world(const char* subnet, const char* gateway, const char* range = nullptr) {
    return {.pool = AddressPool("app", *net::parse_subnet(subnet),
                                range ? net::parse_subnet(range) : std::nullopt, *net::parse_ipv4(gateway))};
}

TEST(AddressPool, GivesOneAfterTheOtherButNotTheGateway) {
    auto w = world("10.89.0.0/24", "10.89.0.1");
    EXPECT_EQ(w.take(), "10.89.0.2");
    EXPECT_EQ(w.take(), "10.89.0.3");
    w.free("10.89.0.2");
    EXPECT_EQ(w.take(), "10.89.0.4");
}

TEST(AddressPool, BeginsAgainWhenItIsThrough) {
    auto w = world("10.89.0.0/29", "10.89.0.1");
    for (int i = 2; i <= 6; ++i) EXPECT_EQ(w.take(), fmt::format("10.89.0.{}", i));
    EXPECT_EQ(message_of([&] { w.take(); }), "failed to find free IP in range: 10.89.0.1 - 10.89.0.6");
    w.free("10.89.0.4");
    EXPECT_EQ(w.take(), "10.89.0.4");
}

TEST(AddressPool, KeepsToTheRange) {
    auto w = world("10.89.0.0/24", "10.89.0.129", "10.89.0.128/30");
    EXPECT_EQ(w.take(), "10.89.0.128");
    EXPECT_EQ(w.take(), "10.89.0.130");
    EXPECT_EQ(w.take(), "10.89.0.131");
    EXPECT_NE(message_of([&] { w.take(); }), "no error");
    EXPECT_EQ(w.take("10.89.0.9"), "10.89.0.9");
}

TEST(AddressPool, GivesWhatIsWanted) {
    auto w = world("10.89.0.0/24", "10.89.0.1");
    EXPECT_EQ(w.take("10.89.0.77"), "10.89.0.77");
    for (const char* wrong :
         {"10.89.0.77", "10.89.0.1", "10.89.0.0", "10.89.0.255", "10.89.1.2", "127.0.0.1"})
        EXPECT_NE(message_of([&] { w.take(wrong); }), "no error") << wrong;
    EXPECT_EQ(w.take(), "10.89.0.2");
}

TEST(AddressPool, GoesOnWhereAnotherProcessWas) {
    auto w = world("10.89.0.0/24", "10.89.0.1");
    w.pool.go_on_after(*net::parse_ipv4("10.89.0.41"));
    EXPECT_EQ(w.take(), "10.89.0.42");
    w.pool.go_on_after(*net::parse_ipv4("192.168.0.1"));
    EXPECT_EQ(w.take(), "10.89.0.2");
}

}  // namespace
}  // namespace rpod::container
