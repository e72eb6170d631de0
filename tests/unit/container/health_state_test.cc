// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/health_state.hh"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace rpod::container {
namespace {

HealthResult result(int code, std::string output = {}) {
    const auto now = std::chrono::system_clock::now();
    return {.start = now, .end = now, .code = code, .output = std::move(output)};
}

TEST(HealthState, TurnsUnhealthyByFailuresInARow) {
    HealthState state;
    state.add(result(1), true, 2);
    EXPECT_EQ(state.status, Health::starting);
    state.add(result(0), true, 2);
    EXPECT_EQ(state.status, Health::healthy);
    EXPECT_EQ(state.failing_streak, 0U);
    state.add(result(1), true, 2);
    EXPECT_EQ(state.status, Health::healthy);
    state.add(result(-1), true, 2);
    EXPECT_EQ(state.status, Health::unhealthy);
    EXPECT_EQ(state.failing_streak, 2U);
    state.add(result(0), true, 2);
    EXPECT_EQ(state.status, Health::healthy);
}

TEST(HealthState, DoesNotCountFailuresOfTheBeginning) {
    HealthState state;
    for (int i = 0; i < 5; ++i) state.add(result(1), false, 1);
    EXPECT_EQ(state.status, Health::starting);
    EXPECT_EQ(state.failing_streak, 0U);
}

TEST(HealthState, KeepsTheLastResults) {
    HealthState state;
    for (int i = 0; i < 7; ++i) state.add(result(1, std::to_string(i)), true, 3);
    ASSERT_EQ(state.log.size(), kHealthResults);
    EXPECT_EQ(state.log.front().output, "2");
    EXPECT_EQ(state.log.back().output, "6");
}

TEST(HealthState, IsARecord) {
    const auto directory =
        std::filesystem::path(::testing::TempDir()) / ("health." + std::to_string(::getpid()));
    std::filesystem::create_directory(directory);
    EXPECT_FALSE(read_health(directory));
    HealthState state;
    state.add(result(-1, "x\ny"), true, 1);
    write_health(directory, state);
    const auto read = read_health(directory);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->status, Health::unhealthy);
    EXPECT_EQ(read->failing_streak, 1U);
    ASSERT_EQ(read->log.size(), 1U);
    EXPECT_EQ(read->log[0].code, -1);
    EXPECT_EQ(read->log[0].output, "x\ny");
    EXPECT_EQ(read->log[0].start, state.log[0].start);
    std::filesystem::remove_all(directory);
}

TEST(HealthOutput, IsCutAndHarmless) {
    EXPECT_EQ(health_output(""), "");
    EXPECT_EQ(health_output("a\nb\n"), "a\nb");
    EXPECT_EQ(health_output("a\tb\r\n\n"), "a\tb");
    EXPECT_EQ(health_output("\x1b[2Jx\a"), "\\x1b[2Jx\\x07");
    EXPECT_EQ(health_output("\xff"), "\\xff");
    EXPECT_EQ(health_output(std::string(9999, 'x')), std::string(kHealthOutput, 'x'));
    // Not in the middle of a character.
    EXPECT_EQ(health_output(std::string(kHealthOutput - 1, 'x') + "\u20ac"),
              std::string(kHealthOutput - 1, 'x'));
    EXPECT_EQ(health_output(std::string(kHealthOutput - 3, 'x') + "\u20ac!"),
              std::string(kHealthOutput - 3, 'x') + "\u20ac");
}

}  // namespace
}  // namespace rpod::container
