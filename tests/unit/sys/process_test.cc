// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/process.hh"

#include <gtest/gtest.h>

#include <csignal>

#include "base/error.hh"

namespace rpod::sys {
namespace {

TEST(ForkChild, GivesTheResultAsExitCode) {
    EXPECT_EQ(wait_for(fork_child("t", [] { return 7; })).code, 7);
    EXPECT_EQ(wait_for(fork_child("t", []() -> int { throw Error("expected by the test"); })).code,
              kExitFailed);
}

TEST(ExitStatus, TellsASignalFromACode) {
    const auto status = wait_for(fork_child("t", [] { return ::raise(SIGKILL); }));
    EXPECT_EQ(status.signal, SIGKILL);
    EXPECT_EQ(status.shell_code(), 137);
}

TEST(Program, CollectsStandardError) {
    auto result = finish_program(start_program({"/bin/sh", "-c", "echo oops >&2; exit 3"}));
    EXPECT_EQ(result.status.code, 3);
    EXPECT_EQ(result.stderr_text, "oops\n");
    EXPECT_THROW(start_program({"/nonexistent"}), SysError);
}

}  // namespace
}  // namespace rpod::sys
