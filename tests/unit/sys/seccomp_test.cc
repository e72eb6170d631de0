// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/seccomp.hh"

#include <gtest/gtest.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <vector>

#include "base/error.hh"
#include "sys/process.hh"

namespace rpod::sys {
namespace {

constexpr uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr uint32_t error_action(int e) { return SECCOMP_RET_ERRNO | static_cast<uint32_t>(e); }

/// What a process cannot do without to end.
void allow_to_end(SeccompBuilder& builder) {
    for (const char* needed : {"write", "exit", "exit_group"}) builder.add_rule(kAllow, needed);
    builder.allow_sanitizers();
}

/// Exit code of fn in a child under the filter.
int under(const BpfProgram& program, const std::function<int()>& fn) {
    return wait_for(fork_child("test",
                               [&] {
                                   ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                                   load_seccomp(program);
                                   return fn();
                               }))
        .shell_code();
}

TEST(Seccomp, FiltersByNameAndArgument) {
    SeccompBuilder builder(kAllow);
    EXPECT_TRUE(builder.add_rule(error_action(EPROTO), "fchdir"));
    EXPECT_TRUE(builder.add_rule(error_action(EDOM), "personality",
                                 {{.index = 0, .op = SeccompCompare::Op::eq, .value = ADDR_NO_RANDOMIZE}}));
    EXPECT_FALSE(builder.add_rule(error_action(EPROTO), "no_such_call"));
    EXPECT_EQ(under(builder.compile(),
                    [] {
                        errno = 0;
                        if (::fchdir(-1) != -1 || errno != EPROTO) return 1;
                        if (::personality(ADDR_NO_RANDOMIZE) != -1 || errno != EDOM) return 2;
                        return ::personality(0xffffffff) >= 0 ? 0 : 3;
                    }),
              0);
}

TEST(Seccomp, FirstOfTwoContradictingRulesCounts) {
    SeccompBuilder builder(error_action(ENOSYS));
    allow_to_end(builder);
    builder.add_rule(kAllow, "getppid");
    builder.add_rule(error_action(EPERM), "getppid");
    builder.add_rule(error_action(ENOSYS), "getuid");  // the default: no rule
    EXPECT_EQ(under(builder.compile(), [] { return ::getppid() > 0 ? 0 : 1; }), 0);
}

TEST(Seccomp, RefusesWhatCannotBeLoaded) {
    EXPECT_THROW(load_seccomp({}), Error);
    EXPECT_THROW(load_seccomp(BpfProgram(BPF_MAXINSNS + 1)), Error);
    // Not a filter: no return.
    EXPECT_THROW(load_seccomp(BpfProgram(1)), SysError);
    EXPECT_THROW(SeccompBuilder(kAllow).add_architecture("pdp11"), Error);
}

TEST(Seccomp, OnlyNamedCallsWork) {
    const pid_t pid = fork_child("test", [] {
        constexpr std::array allowed{"getppid", "write", "exit", "exit_group"};
        allow_only_syscalls(allowed);
        if (::getppid() <= 0) return 1;
        if (::socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM) return 2;
        ::_exit(42);
    });
    EXPECT_EQ(wait_for(pid).code, 42);
}

TEST(Seccomp, AnAllowListRefusesUnknownNames) {
    constexpr std::array names{"no_such_call"};
    EXPECT_THROW(allow_only_syscalls(names), Error);
}

TEST(Seccomp, KnowsWhereItRuns) {
    EXPECT_FALSE(libseccomp_version().empty());
    EXPECT_NE(seccomp_native_architecture(), "unknown");
}

}  // namespace
}  // namespace rpod::sys
