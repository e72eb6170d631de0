// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "base/strings.hh"

#include <gtest/gtest.h>

namespace rpod {
namespace {

TEST(Split, KeepsTheRestInTheLastPart) {
    EXPECT_EQ(split("a:b:c", ':'), (std::vector<std::string_view>{"a", "b", "c"}));
    EXPECT_EQ(split("a:b:c", ':', 2), (std::vector<std::string_view>{"a", "b:c"}));
    EXPECT_EQ(split("", ':'), (std::vector<std::string_view>{""}));
}

TEST(ParseUint, TakesTheWholeTextOrNothing) {
    EXPECT_EQ(parse_uint("42"), 42u);
    EXPECT_FALSE(parse_uint(""));
    EXPECT_FALSE(parse_uint("-1"));
    EXPECT_FALSE(parse_uint("+1"));
    EXPECT_FALSE(parse_uint("1 "));
    EXPECT_FALSE(parse_uint("4294967296", UINT32_MAX));
    EXPECT_FALSE(parse_uint("18446744073709551616"));
}

TEST(ParseSize, UnderstandsDockerUnits) {
    EXPECT_EQ(parse_size("64m"), 64u << 20);
    EXPECT_EQ(parse_size("64MiB"), 64u << 20);
    EXPECT_EQ(parse_size("1.5k"), 1536u);
    EXPECT_EQ(parse_size("10b"), 10u);
    EXPECT_EQ(parse_size("7"), 7u);
    EXPECT_FALSE(parse_size("7x"));
    EXPECT_FALSE(parse_size("ib"));
    EXPECT_FALSE(parse_size("-1m"));
    EXPECT_FALSE(parse_size("99999999999p"));
}

TEST(ParseDuration, FollowsGo) {
    EXPECT_EQ(parse_duration_ns("1h2m3.5s"), 3723500000000);
    EXPECT_EQ(parse_duration_ns("100ms"), 100000000);
    EXPECT_EQ(parse_duration_ns("-2s"), -2000000000);
    EXPECT_EQ(parse_duration_ns("0"), 0);
    EXPECT_FALSE(parse_duration_ns("5"));
    EXPECT_FALSE(parse_duration_ns("s"));
}

TEST(Printable, HidesControlCharactersAndBrokenUtf8) {
    EXPECT_EQ(printable("a\nb"), "a\\x0ab");
    EXPECT_EQ(printable("grüße"), "grüße");
    EXPECT_EQ(printable("\x1b[31m"), "\\x1b[31m");
    EXPECT_EQ(printable("\xff\xc2"), "\\xff\\xc2");
    EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");
}

}  // namespace
}  // namespace rpod
