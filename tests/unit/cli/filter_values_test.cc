// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/filter_values.hh"

#include <gtest/gtest.h>

#include "base/error.hh"
#include "cli/container_view.hh"
#include "cli/go_duration.hh"

namespace rpod::cli {
namespace {

TEST(FilterValues, MomentsAreDurationsSecondsAndTimes) {
    EXPECT_NEAR(static_cast<double>(parse_moment("10m").seconds), static_cast<double>(now().seconds - 600),
                2);
    EXPECT_EQ(parse_moment("1700000000").seconds, 1700000000);
    EXPECT_EQ(parse_moment("1700000000.5").nanoseconds, 500000000U);
    EXPECT_EQ(parse_moment("2024-01-01").seconds, 1704067200);
    EXPECT_EQ(parse_moment("2024-01-01T00:00:00Z").seconds, 1704067200);
    EXPECT_EQ(parse_moment("2024-01-01T01:00:00+01:00").seconds, 1704067200);
    EXPECT_EQ(parse_moment("2024-01-01T00:00").seconds, 1704067200);
    EXPECT_THROW(parse_moment("yesterday"), Error);
}

TEST(FilterValues, PatternsAreFoundAnywhere) {
    EXPECT_TRUE(Pattern("e.").matches("web"));
    EXPECT_FALSE(Pattern("^e").matches("web"));
    EXPECT_THROW(Pattern("("), Error);
}

TEST(FilterValues, LabelsWithAndWithoutValue) {
    const std::map<std::string, std::string> labels{{"a", "1"}, {"b", ""}};
    EXPECT_TRUE(has_label(labels, "a"));
    EXPECT_TRUE(has_label(labels, "a=1"));
    EXPECT_FALSE(has_label(labels, "a=2"));
    EXPECT_TRUE(has_label(labels, "b="));
    EXPECT_FALSE(has_label(labels, "c"));
}

TEST(GoDuration, PrintsAsGoDoes) {
    EXPECT_EQ(go_duration(0), "0s");
    EXPECT_EQ(go_duration(10'000'000), "10ms");
    EXPECT_EQ(go_duration(1'500'000), "1.5ms");
    EXPECT_EQ(go_duration(20'386'825'206), "20.386825206s");
    EXPECT_EQ(go_duration(62'000'000'000), "1m2s");
    EXPECT_EQ(go_duration(3'600'000'000'000), "1h0m0s");
}

TEST(ContainerPorts, AreShownAsPodmanDoes) {
    const std::vector<net::PortMapping> ports{
        {.host_ip = "", .host_port = 8080, .container_port = 80},
        {.host_ip = "127.0.0.1",
         .host_port = 53,
         .container_port = 53,
         .range = 1,
         .transport = net::Transport::udp},
        {.host_ip = "::1", .host_port = 9000, .container_port = 90, .range = 2}};
    EXPECT_EQ(ports_text(ports), "0.0.0.0:8080->80/tcp, 127.0.0.1:53->53/udp, [::1]:9000-9001->90-91/tcp");
}

}  // namespace
}  // namespace rpod::cli
