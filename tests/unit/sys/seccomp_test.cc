// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/seccomp.hh"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/error.hh"
#include "sys/process.hh"

namespace rpod::sys {
namespace {

TEST(Seccomp, OnlyNamedCallsWork) {
    const pid_t pid = fork_child("test", [] {
        constexpr std::array allowed{"write", "exit_group", "getppid"};
        allow_only_syscalls(allowed);
        if (::getppid() <= 0) return 1;
        if (::socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM) return 2;
        ::_exit(42);
    });
    EXPECT_EQ(wait_for(pid).code, 42);
}

TEST(Seccomp, RefusesUnknownNames) {
    constexpr std::array names{"no_such_call"};
    EXPECT_THROW(allow_only_syscalls(names), Error);
}

}  // namespace
}  // namespace rpod::sys
