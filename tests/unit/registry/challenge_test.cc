// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "registry/challenge.hh"

#include <gtest/gtest.h>

namespace rpod::registry {
namespace {

TEST(Challenge, ReadsWhatRegistriesSend) {
    const auto one = parse_challenges(
        R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/x:pull,push")");
    ASSERT_EQ(one.size(), 1U);
    EXPECT_EQ(one[0].scheme, "bearer");
    EXPECT_EQ(one[0].param("realm"), "https://auth.docker.io/token");
    EXPECT_EQ(one[0].param("service"), "registry.docker.io");
    EXPECT_EQ(one[0].param("scope"), "repository:library/x:pull,push");
    EXPECT_EQ(one[0].param("error"), "");

    const auto basic = parse_challenges("Basic realm=basic-realm");
    ASSERT_EQ(basic.size(), 1U);
    EXPECT_EQ(basic[0].param("realm"), "basic-realm");
}

TEST(Challenge, ReadsSeveralInOneHeader) {
    const auto all =
        parse_challenges(R"(Negotiate YII==, BEARER Realm = "a" , service=b, Basic realm="x \"y\"", Digest)");
    ASSERT_EQ(all.size(), 4U);
    EXPECT_EQ(all[0].scheme, "negotiate");
    EXPECT_TRUE(all[0].params.empty());
    EXPECT_EQ(all[1].scheme, "bearer");
    EXPECT_EQ(all[1].param("realm"), "a");
    EXPECT_EQ(all[1].param("service"), "b");
    EXPECT_EQ(all[2].param("realm"), "x \"y\"");
    EXPECT_EQ(all[3].scheme, "digest");
}

TEST(Challenge, LeavesOutWhatIsNone) {
    EXPECT_TRUE(parse_challenges("").empty());
    EXPECT_TRUE(parse_challenges(" , ,").empty());
    EXPECT_TRUE(parse_challenges("\"quoted\"").empty());
    EXPECT_EQ(parse_challenges(R"(Bearer realm="unterminated)").size(), 1U);
    EXPECT_LE(parse_challenges(std::string(100'000, 'a') + ",b").size(), 1U);
    std::string many;
    for (int i = 0; i < 1000; ++i) many += "a,";
    EXPECT_LE(parse_challenges(many).size(), 16U);
}

}  // namespace
}  // namespace rpod::registry
