// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/parse_secret.hh"

#include <gtest/gtest.h>

#include "base/error.hh"

namespace rpod::container {
namespace {

TEST(ParseSecret, IsAFileBelowRunSecretsByDefault) {
    const auto use = parse_secret("s1");
    EXPECT_EQ(use.name, "s1");
    EXPECT_FALSE(use.env);
    EXPECT_EQ(use.target, "/run/secrets/s1");
    EXPECT_EQ(use.mode, 0444U);
}

TEST(ParseSecret, TakesOwnerModeAndPlace) {
    const auto use = parse_secret("source=s1,target=/etc/../x,uid=7,gid=8,mode=0600");
    EXPECT_EQ(use.name, "s1");
    EXPECT_EQ(use.target, "/x");
    EXPECT_EQ(use.uid, 7U);
    EXPECT_EQ(use.gid, 8U);
    EXPECT_EQ(use.mode, 0600U);
    EXPECT_EQ(parse_secret("s1,target=a").target, "/run/secrets/a");
}

TEST(ParseSecret, IsAVariableWhereAsked) {
    const auto use = parse_secret("s1,type=env");
    EXPECT_TRUE(use.env);
    EXPECT_EQ(use.target, "s1");
    EXPECT_EQ(parse_secret("s1,type=env,target=FOO").target, "FOO");
}

TEST(ParseSecret, RefusesTheRest) {
    for (const char* text :
         {"", ",", "type=env", "s1,s2", "s1,nope=1", "s1,type=file", "s1,uid=-1", "s1,uid=4294967295",
          "s1,mode=8", "s1,mode=", "s1,mode=7777", "s1,type=env,uid=1", "s1,type=env,target=a=b",
          "s1,target=/", "s1,target=/proc/self", "s1,target=/sys", "s1,target=../../proc/x"}) {
        EXPECT_THROW(parse_secret(text), Error) << text;
    }
}

}  // namespace
}  // namespace rpod::container
