// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/health_plan.hh"

#include <gtest/gtest.h>

#include "base/error.hh"

namespace rpod::container {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

TEST(HealthCommand, IsReadAsPodmanReadsIt) {
    EXPECT_EQ(parse_health_command("curl -f http://localhost/ || exit 1"),
              (Strings{"CMD-SHELL", "curl -f http://localhost/ || exit 1"}));
    EXPECT_EQ(parse_health_command("/healthcheck"), (Strings{"CMD-SHELL", "/healthcheck"}));
    EXPECT_EQ(parse_health_command("CMD curl  -f x"), (Strings{"CMD", "curl", "-f", "x"}));
    EXPECT_EQ(parse_health_command("CMD-SHELL curl  -f x"), (Strings{"CMD-SHELL", "curl  -f x"}));
    EXPECT_EQ(parse_health_command("cmd-shell x"), (Strings{"CMD-SHELL", "x"}));
    EXPECT_EQ(parse_health_command("none"), (Strings{"NONE"}));
    EXPECT_EQ(parse_health_command("NONE at all"), (Strings{"NONE"}));
    EXPECT_EQ(parse_health_command("cmdx y"), (Strings{"CMD-SHELL", "cmdx y"}));
}

TEST(HealthCommand, MayBeAList) {
    EXPECT_EQ(parse_health_command("[\"curl\", \"-f\", \"a b\"]"), (Strings{"CMD", "curl", "-f", "a b"}));
    EXPECT_EQ(parse_health_command("[\"curl -f x\"]"), (Strings{"CMD-SHELL", "curl -f x"}));
    EXPECT_EQ(parse_health_command("[\"CMD\", \"a b\"]"), (Strings{"CMD", "a b"}));
    EXPECT_EQ(parse_health_command("[\"CMD-SHELL\", \"a b\"]"), (Strings{"CMD-SHELL", "a b"}));
    EXPECT_EQ(parse_health_command("[\"NONE\"]"), (Strings{"NONE"}));
    // Not JSON: the command that is called [.
    EXPECT_EQ(parse_health_command("[ -f /ok ]"), (Strings{"CMD-SHELL", "[ -f /ok ]"}));
}

TEST(HealthCommand, HasSomethingToRun) {
    for (const char* text : {"", "  ", "CMD", "CMD ", "CMD-SHELL", "[]"})
        EXPECT_THROW(parse_health_command(text), Error) << text;
}

TEST(HealthPlan, IsTheUsersAboveTheImages) {
    const oci::Healthcheck image{.test = {"CMD-SHELL", "test", "-e /x"},
                                 .interval_ns = 5'000'000'000,
                                 .timeout_ns = 0,
                                 .start_period_ns = 7'000'000'000,
                                 .retries = 9};
    HealthConfig config;
    auto plan = plan_health(config, &image);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->regular.command, (Strings{"/bin/sh", "-c", "test -e /x"}));
    EXPECT_EQ(plan->regular.interval, 5s);
    EXPECT_EQ(plan->regular.timeout, 30s);
    EXPECT_EQ(plan->start_period, 7s);
    EXPECT_EQ(plan->regular.retries, 9U);

    config.regular = {
        .test = {"CMD", "true"}, .interval_ns = 0, .timeout_ns = 1, .start_period_ns = 0, .retries = 1};
    plan = plan_health(config, &image);
    EXPECT_EQ(plan->regular.command, (Strings{"true"}));
    EXPECT_EQ(plan->regular.pause(), std::nullopt);
    EXPECT_EQ(plan->start_period, 0s);
    EXPECT_EQ(plan->regular.retries, 1U);

    config.regular.test = {"NONE"};
    EXPECT_FALSE(plan_health(config, &image));
    EXPECT_FALSE(plan_health({}, static_cast<const oci::Healthcheck*>(nullptr)));
}

TEST(HealthPlan, BoundsWhatAnImageWants) {
    const oci::Healthcheck image{.test = {"CMD", "x"},
                                 .interval_ns = 1,
                                 .timeout_ns = INT64_MAX,
                                 .start_period_ns = INT64_MAX,
                                 .retries = INT64_MAX};
    const auto plan = plan_health({}, &image);
    EXPECT_EQ(plan->regular.pause(), kHealthPause);
    EXPECT_LE(plan->regular.timeout, 24h * 365);
    EXPECT_LE(plan->start_period, 24h * 365);
    EXPECT_EQ(plan->regular.retries, UINT32_MAX);
}

TEST(HealthPlan, HasNoCommandWhereAnImageSaysNothing) {
    for (const Strings& test :
         {Strings{}, {"NONE"}, {""}, {"CMD"}, {"CMD", ""}, {"CMD-SHELL"}, {"CMD-SHELL", ""}}) {
        const oci::Healthcheck image{.test = test};
        EXPECT_FALSE(plan_health({}, &image));
    }
}

TEST(HealthPlan, RefusesWhatNeedsACheck) {
    HealthConfig config{.regular = {}, .on_failure = HealthAction::kill, .startup = {}};
    EXPECT_THROW(plan_health(config, static_cast<const oci::Healthcheck*>(nullptr)), Error);
    config = {.regular = {.test = {"NONE"}}, .startup = {.test = {"CMD", "x"}}};
    EXPECT_THROW(plan_health(config, static_cast<const oci::Healthcheck*>(nullptr)), Error);
}

TEST(HealthPlan, TakesAStartupCheck) {
    const HealthConfig config{.regular = {.test = {"CMD", "x"}, .retries = 7},
                              .on_failure = HealthAction::none,
                              .startup = {.test = {"CMD", "y"}},
                              .startup_successes = 0};
    const auto plan = plan_health(config, static_cast<const oci::Healthcheck*>(nullptr));
    ASSERT_TRUE(plan->startup);
    EXPECT_EQ(plan->startup->command, (Strings{"y"}));
    EXPECT_EQ(plan->startup->retries, 0U);
    EXPECT_EQ(plan->startup_successes, 1U);
}

TEST(HealthAction, IsOneOfFour) {
    EXPECT_EQ(parse_health_action(""), HealthAction::none);
    EXPECT_EQ(parse_health_action("restart"), HealthAction::restart);
    EXPECT_THROW(parse_health_action("explode"), Error);
}

}  // namespace
}  // namespace rpod::container
