// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "base/time.hh"

#include <gtest/gtest.h>

namespace rpod {
namespace {

TEST(Rfc3339, RoundTrips) {
    for (const char* text : {"2024-02-29T23:59:59Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
                             "9999-12-31T23:59:59.999999999Z", "2026-11-22T01:02:03.5Z"}) {
        ASSERT_TRUE(parse_rfc3339(text)) << text;
        EXPECT_EQ(format_rfc3339(*parse_rfc3339(text)), text);
    }
    EXPECT_EQ(parse_rfc3339("2001-09-09T03:46:40+02:00"), (Timestamp{.seconds = 1000000000}));
    EXPECT_EQ(format_go_time({.seconds = 1000000000, .nanoseconds = 5000}),
              "2001-09-09 01:46:40.000005 +0000 UTC");
}

TEST(Rfc3339, RefusesOtherTexts) {
    for (const char* text :
         {"", "2024", "2024-13-01T00:00:00Z", "2023-02-29T00:00:00Z", "2024-01-01T24:00:00Z",
          "2024-01-01T00:00:00", "2024-01-01T00:00:00Zx", "2024-01-01T00:00:00.Z", "0000-01-01T00:00:00Z",
          "2024-01-01T00:00:00+1:00", "+024-01-01T00:00:00Z"}) {
        EXPECT_FALSE(parse_rfc3339(text)) << text;
    }
}

TEST(HumanDuration, UsesDockersWords) {
    EXPECT_EQ(human_duration(0), "Less than a second");
    EXPECT_EQ(human_duration(59), "59 seconds");
    EXPECT_EQ(human_duration(61), "About a minute");
    EXPECT_EQ(human_duration(3600 + 1700), "About an hour");
    EXPECT_EQ(human_duration(3600 * 47), "47 hours");
    EXPECT_EQ(human_duration(86400 * 13), "13 days");
    EXPECT_EQ(human_duration(86400 * 50), "7 weeks");
    EXPECT_EQ(human_duration(86400 * 300), "10 months");
    EXPECT_EQ(human_duration(86400 * 800), "2 years");
}

TEST(HumanSize, HasSignificantDigits) {
    EXPECT_EQ(human_size(0), "0B");
    EXPECT_EQ(human_size(999), "999B");
    EXPECT_EQ(human_size(1990000, 3), "1.99MB");
    EXPECT_EQ(human_size(123456789), "123.5MB");
    EXPECT_EQ(human_size(8650000, 3), "8.65MB");
}

}  // namespace
}  // namespace rpod
