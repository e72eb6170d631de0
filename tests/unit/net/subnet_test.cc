// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/subnet.hh"

#include <gtest/gtest.h>

namespace rpod::net {
namespace {

std::string parsed(std::string_view text) {
    const auto subnet = parse_subnet(text);
    return subnet ? subnet->text() : "none";
}

TEST(ParseSubnet, DropsBitsOfTheHost) {
    EXPECT_EQ(parsed("10.89.0.0/24"), "10.89.0.0/24");
    EXPECT_EQ(parsed("10.89.1.77/24"), "10.89.1.0/24");
    EXPECT_EQ(parsed("10.89.1.77/30"), "10.89.1.76/30");
    EXPECT_EQ(parsed("10.1.2.3/8"), "10.0.0.0/8");
}

TEST(ParseSubnet, RefusesWhatPodsCannotHave) {
    for (const char* text : {"", "10.89.0.0", "10.89.0.0/", "10.89.0.0/31", "10.89.0.0/7", "10.89.0.0/-1",
                             "10.89.0/24", "127.0.0.0/8", "0.0.0.0/8", "224.0.0.0/24", "255.0.0.0/8",
                             "fd00::/64", "10.89.0.0/24/1", " 10.89.0.0/24"})
        EXPECT_EQ(parsed(text), "none") << text;
}

TEST(Subnet, KnowsItsEnds) {
    const auto subnet = *parse_subnet("10.89.0.128/25");
    EXPECT_EQ(subnet.first(), 0x0a590080U);
    EXPECT_EQ(subnet.last(), 0x0a5900ffU);
    EXPECT_TRUE(subnet.contains(subnet.at(127)));
    EXPECT_FALSE(subnet.contains(subnet.at(128)));
}

TEST(Subnet, OverlapsWhatSharesAnAddress) {
    const auto wide = *parse_subnet("10.89.0.0/16"), inner = *parse_subnet("10.89.200.0/24"),
               other = *parse_subnet("10.90.0.0/16");
    EXPECT_TRUE(wide.overlaps(inner));
    EXPECT_TRUE(inner.overlaps(wide));
    EXPECT_FALSE(wide.overlaps(other));
    EXPECT_TRUE(wide.overlaps(wide));
}

}  // namespace
}  // namespace rpod::net
