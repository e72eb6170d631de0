// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "userns/subid.hh"

#include <gtest/gtest.h>

#include "base/error.hh"

namespace rpod::userns {
namespace {

constexpr std::string_view kFile =
    "# comment\n"
    "alice:100000:65536\n"
    "bob:200000:65536\n"
    "1000:300000:10\n"
    "alice:400000:5\n"
    "alice:bad:5\n"
    "alice:1:0\n"
    "alice:1\n";

TEST(ParseSubid, TakesEntriesByNameAndByNumberInOrder) {
    EXPECT_EQ(parse_subid(kFile, "alice", 1000),
              (std::vector<SubRange>{{100000, 65536}, {300000, 10}, {400000, 5}}));
    EXPECT_EQ(parse_subid(kFile, "", 1000), (std::vector<SubRange>{{300000, 10}}));
    EXPECT_TRUE(parse_subid(kFile, "carol", 1001).empty());
}

TEST(SessionMap, PutsTheCallerFirst) {
    EXPECT_EQ(session_map(IdKind::uid, 1000, {{100000, 65536}, {300000, 10}}).to_proc(),
              "0 1000 1\n1 100000 65536\n65537 300000 10\n");
}

TEST(SessionMap, RefusesRangesThatHoldTheCallerOrOverlap) {
    EXPECT_THROW(session_map(IdKind::uid, 1000, {{1000, 65536}}), Error);
    EXPECT_THROW(session_map(IdKind::gid, 1000, {{100000, 10}, {100005, 10}}), Error);
}

}  // namespace
}  // namespace rpod::userns
