// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/restart_policy.hh"

#include <gtest/gtest.h>

#include "container/message_of.hh"

namespace rpod::container {
namespace {

using When = RestartPolicy::When;
constexpr sys::ExitStatus kGood{};
constexpr sys::ExitStatus kBad{.code = 1, .signal = 0};
constexpr sys::ExitStatus kKilled{.code = 0, .signal = 9};

TEST(RestartPolicy, IsParsed) {
    EXPECT_EQ(parse_restart_policy("").when, When::never);
    EXPECT_EQ(parse_restart_policy("no").when, When::never);
    EXPECT_EQ(parse_restart_policy("always").when, When::always);
    EXPECT_EQ(parse_restart_policy("unless-stopped").when, When::unless_stopped);
    EXPECT_EQ(parse_restart_policy("on-failure").max_retries, 0U);
    EXPECT_EQ(parse_restart_policy("on-failure:5").when, When::on_failure);
    EXPECT_EQ(parse_restart_policy("on-failure:5").max_retries, 5U);
    for (const char* bad : {"yes", "on-failure:", "on-failure:x", "on-failure:-1", "on-failure5", "always:3",
                            "Always", "on-failure:4294967296"})
        EXPECT_NE(message_of([&] { parse_restart_policy(bad); }), "no error") << bad;
}

TEST(RestartPolicy, Decides) {
    EXPECT_FALSE(parse_restart_policy("no").wants_restart(kBad, 0));
    EXPECT_TRUE(parse_restart_policy("always").wants_restart(kGood, 1000));
    const auto twice = parse_restart_policy("on-failure:2");
    EXPECT_FALSE(twice.wants_restart(kGood, 0));
    EXPECT_TRUE(twice.wants_restart(kBad, 0));
    EXPECT_TRUE(twice.wants_restart(kKilled, 1));
    EXPECT_FALSE(twice.wants_restart(kBad, 2));
    EXPECT_TRUE(parse_restart_policy("on-failure").wants_restart(kBad, 1000));
}

TEST(RestartDelay, DoublesAndStartsAfreshAfterAGoodRun) {
    using std::chrono::milliseconds;
    RestartDelay delay;
    EXPECT_EQ(delay.next(milliseconds(5)), milliseconds(100));
    EXPECT_EQ(delay.next(milliseconds(5)), milliseconds(200));
    for (int i = 0; i < 20; ++i) delay.next(milliseconds(5));
    EXPECT_EQ(delay.next(milliseconds(5)), milliseconds(60000));
    EXPECT_EQ(delay.next(milliseconds(10000)), milliseconds(100));
}

}  // namespace
}  // namespace rpod::container
