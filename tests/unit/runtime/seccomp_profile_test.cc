// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/seccomp_profile.hh"

#include <gtest/gtest.h>

#include <functional>

#include "base/error.hh"

namespace rpod::runtime {
namespace {

const SeccompHost kHost{.architecture = "x86_64", .kernel_major = 5, .kernel_minor = 10};

oci::Seccomp parse(const std::string& text, sys::CapSet bounding = 0, const SeccompHost& host = kHost) {
    return parse_seccomp_profile(text, "p.json", bounding, host);
}

/// The names of the rules that apply, of a profile with one rule that has these members.
bool applies(const std::string& members, sys::CapSet bounding = 0, const SeccompHost& host = kHost) {
    const auto p = parse(
        R"({"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW",)" +
            members + "}]}",
        bounding, host);
    return !p.syscalls.empty();
}

std::string problem_of(const std::string& text) {
    try {
        parse(text);
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

std::string with_rule(const std::string& rule) {
    return R"({"defaultAction":"SCMP_ACT_ERRNO","syscalls":[)" + rule + "]}";
}

bool mentions(const oci::Seccomp& p, const std::string& name, const std::string& action) {
    for (const auto& rule : p.syscalls) {
        for (const auto& n : rule.names) {
            if (n == name && rule.action == action) return true;
        }
    }
    return false;
}

TEST(SeccompProfile, DefaultFollowsTheCapabilities) {
    const auto none = parse(std::string(default_seccomp_profile()));
    EXPECT_EQ(none.default_errno_ret, 38u);
    EXPECT_EQ(none.architectures,
              (std::vector<std::string>{"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"}));
    EXPECT_TRUE(mentions(none, "chroot", "SCMP_ACT_ERRNO"));
    EXPECT_FALSE(mentions(none, "chroot", "SCMP_ACT_ALLOW"));
    EXPECT_TRUE(mentions(none, "arch_prctl", "SCMP_ACT_ALLOW"));
    const auto some = parse(std::string(default_seccomp_profile()), sys::capability_set({"CAP_SYS_CHROOT"}));
    EXPECT_TRUE(mentions(some, "chroot", "SCMP_ACT_ALLOW"));
    EXPECT_FALSE(mentions(some, "chroot", "SCMP_ACT_ERRNO"));
}

TEST(SeccompProfile, DefaultFollowsTheArchitecture) {
    const auto arm = parse(std::string(default_seccomp_profile()), 0, {.architecture = "aarch64"});
    EXPECT_EQ(arm.architectures, (std::vector<std::string>{"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"}));
    EXPECT_FALSE(mentions(arm, "arch_prctl", "SCMP_ACT_ALLOW"));
    EXPECT_TRUE(mentions(arm, "cacheflush", "SCMP_ACT_ALLOW"));
    const auto riscv = parse(std::string(default_seccomp_profile()), 0, {.architecture = "riscv64"});
    EXPECT_TRUE(riscv.architectures.empty());
    EXPECT_TRUE(mentions(riscv, "riscv_flush_icache", "SCMP_ACT_ALLOW"));
}

TEST(SeccompProfile, ConditionsOfARule) {
    const auto kill = sys::capability_set({"CAP_KILL"}),
               both = sys::capability_set({"CAP_KILL", "CAP_CHOWN"});
    EXPECT_TRUE(applies(R"("includes":{},"excludes":{})"));
    EXPECT_TRUE(applies(R"("includes":null)"));
    EXPECT_FALSE(applies(R"("includes":{"caps":["CAP_KILL"]})"));
    EXPECT_TRUE(applies(R"("includes":{"caps":["CAP_KILL"]})", kill));
    EXPECT_FALSE(applies(R"("includes":{"caps":["CAP_KILL","CAP_CHOWN"]})", kill));
    EXPECT_TRUE(applies(R"("includes":{"caps":["CAP_KILL","CAP_CHOWN"]})", both));
    EXPECT_FALSE(applies(R"("excludes":{"caps":["CAP_KILL","CAP_CHOWN"]})", kill));
    EXPECT_FALSE(applies(R"("includes":{"caps":["CAP_OF_THE_FUTURE"]})", ~sys::CapSet{0}));
    EXPECT_TRUE(applies(R"("includes":{"arches":["amd64","x32"]})"));
    EXPECT_FALSE(applies(R"("includes":{"arches":["arm64"]})"));
    EXPECT_FALSE(applies(R"("excludes":{"arches":["amd64"]})"));
    EXPECT_TRUE(applies(R"("includes":{"minKernel":"4.8"})"));
    EXPECT_TRUE(applies(R"("includes":{"minKernel":"5.10"})"));
    EXPECT_FALSE(applies(R"("includes":{"minKernel":"5.11"})"));
    EXPECT_FALSE(applies(R"("includes":{"minKernel":"6.0"})"));
    EXPECT_FALSE(applies(R"("excludes":{"minKernel":"4.8"})"));
}

TEST(SeccompProfile, ErrnoByNameOrNumber) {
    const auto of = [](const std::string& members) {
        return parse(with_rule(R"({"name":"read","action":"SCMP_ACT_ERRNO")" + members + "}"))
            .syscalls.at(0)
            .errno_ret;
    };
    EXPECT_EQ(of(""), std::nullopt);
    EXPECT_EQ(of(R"(,"errnoRet":22)"), 22u);
    EXPECT_EQ(of(R"(,"errno":"ENOSYS")"), 38u);
    EXPECT_EQ(of(R"(,"errno":"EPERM","errnoRet":22)"), 1u);
    EXPECT_EQ(of(R"(,"errno":"","errnoRet":22)"), 22u);
}

TEST(SeccompProfile, ErrorsNameTheMember) {
    EXPECT_EQ(problem_of("{}"), "p.json: 'defaultAction' is missing");
    EXPECT_EQ(problem_of(with_rule(R"({"action":"SCMP_ACT_ALLOW"})")),
              "p.json: syscalls[0]: names no system call");
    EXPECT_EQ(problem_of(with_rule(R"({"names":["a"],"name":"a","action":"SCMP_ACT_ALLOW"})")),
              "p.json: syscalls[0]: has both 'name' and 'names'");
    EXPECT_EQ(problem_of(with_rule(R"({"name":"a","action":"SCMP_ACT_ERRNO","errno":"EFLY"})")),
              "p.json: syscalls[0].errno: there is no errno 'EFLY'");
    EXPECT_EQ(problem_of(with_rule(R"({"name":"a","action":"x","includes":{"minKernel":"five"}})")),
              "p.json: syscalls[0].includes.minKernel: 'five' is not a kernel version like 4.8");
    EXPECT_EQ(problem_of(with_rule(R"({"name":"a","action":"x","args":[{"index":6,"op":"SCMP_CMP_EQ"}]})")),
              "p.json: syscalls[0].args[0].index: expected a number up to 5");
    EXPECT_EQ(problem_of(R"({"defaultAction":"x","architectures":["SCMP_ARCH_X86"],"archMap":[]})"),
              "p.json: has both 'architectures' and 'archMap'");
}

TEST(SeccompProfile, KnowsTheHost) {
    const auto host = SeccompHost::current();
    EXPECT_GE(host.kernel_major, 4);
    EXPECT_FALSE(host.architecture.empty());
}

}  // namespace
}  // namespace rpod::runtime
