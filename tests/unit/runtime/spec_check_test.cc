// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/spec_check.hh"

#include <gtest/gtest.h>

#include <functional>

#include "base/error.hh"

namespace rpod::runtime {
namespace {

/// What is wrong with the spec of `oci spec` after a change.
std::string problem_with(const std::function<void(oci::RuntimeSpec&)>& change) {
    auto spec = oci::default_runtime_spec(1000, 1000);
    change(spec);
    try {
        check_spec(spec);
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

oci::Scheduler scheduler(const std::string& policy) {
    return {.policy = policy,
            .nice = {},
            .priority = {},
            .flags = {},
            .runtime = {},
            .deadline = {},
            .period = {}};
}

TEST(SpecCheck, TakesTheDefault) {
    EXPECT_EQ(problem_with([](auto&) {}), "no error");
}

TEST(SpecCheck, RefusesByName) {
    EXPECT_EQ(problem_with([](auto& s) { s.unsupported = {"linux.intelRdt"}; }),
              "linux.intelRdt: not supported");
    EXPECT_EQ(problem_with([](auto& s) { s.process.apparmor_profile = "x"; }),
              "process.apparmorProfile is not supported: rpod sets no AppArmor profiles");
    EXPECT_EQ(problem_with([](auto& s) { s.linux.cgroups_path = "/a"; }),
              "linux.cgroupsPath is not supported: no cgroup is made for a bundle");
    EXPECT_EQ(problem_with([](auto& s) { s.process.rlimits = {{.type = "RLIMIT_LUCK"}}; }),
              "process.rlimits: there is no limit 'RLIMIT_LUCK'");
    EXPECT_EQ(problem_with([](auto& s) {
                  s.linux.personality = oci::Personality{.domain = "LINUX", .flags = {"MMAP_PAGE_ZERO"}};
              }),
              "linux.personality.flags: there is no flag 'MMAP_PAGE_ZERO'");
    EXPECT_EQ(problem_with([](auto& s) {
                  s.linux.seccomp = oci::Seccomp{.default_action = "SCMP_ACT_ALLOW"};
                  s.linux.seccomp->listener_path = "/s";
              }),
              "linux.seccomp.listenerPath is not supported: system calls are not handed to other processes");
    EXPECT_EQ(problem_with([](auto& s) {
                  s.linux.seccomp = oci::Seccomp{.default_action = "SCMP_ACT_ALLOW"};
                  s.linux.seccomp->listener_metadata = "m";
              }),
              "linux.seccomp.listenerMetadata: is there without listenerPath");
}

TEST(SpecCheck, RefusesIdMappedMounts) {
    EXPECT_EQ(problem_with([](auto& s) { s.mounts[1].uid_mappings = {{.size = 1}}; }),
              "mounts[1]: has one of uidMappings and gidMappings without the other");
    EXPECT_EQ(problem_with([](auto& s) {
                  s.mounts[1].uid_mappings = s.mounts[1].gid_mappings = {{.size = 1}};
              }).substr(0, 40),
              "mounts[1].uidMappings is not supported: ");
    EXPECT_EQ(problem_with([](auto& s) { s.mounts[1].options = {"ridmap"}; }).substr(0, 48),
              "mounts[1].options: mount option 'ridmap': ID-map");
}

TEST(SpecCheck, KnowsSchedulers) {
    const auto with = [](const std::function<void(oci::Scheduler&)>& change, const char* policy) {
        return problem_with([&](auto& s) {
            s.process.scheduler = scheduler(policy);
            change(*s.process.scheduler);
        });
    };
    EXPECT_EQ(with([](auto& s) { s.nice = 19; }, "SCHED_BATCH"), "no error");
    EXPECT_EQ(with([](auto& s) { s.priority = 99; }, "SCHED_RR"), "no error");
    EXPECT_EQ(with([](auto& s) { s.runtime = s.deadline = s.period = 1; }, "SCHED_DEADLINE"), "no error");
    EXPECT_EQ(with([](auto&) {}, "SCHED_ISO"), "process.scheduler.policy: Linux has no 'SCHED_ISO'");
    EXPECT_EQ(with([](auto&) {}, "FIFO"), "process.scheduler.policy: there is no policy 'FIFO'");
    EXPECT_EQ(with([](auto& s) { s.nice = -21; }, "SCHED_OTHER"),
              "process.scheduler.nice: -21 is not from -20 to 19");
    EXPECT_EQ(with([](auto& s) { s.priority = 1; }, "SCHED_OTHER"),
              "process.scheduler.priority: is for SCHED_FIFO and SCHED_RR, not for SCHED_OTHER");
    EXPECT_EQ(with([](auto&) {}, "SCHED_FIFO"), "process.scheduler.priority: 0 is not from 1 to 99");
    EXPECT_EQ(with([](auto& s) { s.period = 1; }, "SCHED_FIFO"),
              "process.scheduler.period: is for SCHED_DEADLINE, not for SCHED_FIFO");
    EXPECT_EQ(with([](auto& s) { s.flags = {"SCHED_FLAG_X"}; }, "SCHED_IDLE"),
              "process.scheduler.flags: there is no flag 'SCHED_FLAG_X'");
    EXPECT_EQ(with([](auto& s) { s.flags = {"SCHED_FLAG_UTIL_CLAMP_MIN"}; }, "SCHED_IDLE"),
              "process.scheduler.flags: SCHED_FLAG_UTIL_CLAMP_MIN is not supported: the specification has no "
              "value for it");
}

TEST(SpecCheck, KnowsIoPriorities) {
    const auto with = [](const char* io_class, int priority) {
        return problem_with([&](auto& s) {
            s.process.io_priority = oci::IoPriority{.io_class = io_class, .priority = priority};
        });
    };
    EXPECT_EQ(with("IOPRIO_CLASS_IDLE", 7), "no error");
    EXPECT_EQ(with("IOPRIO_CLASS_NONE", 0),
              "process.ioPriority.class: there is no class 'IOPRIO_CLASS_NONE'");
    EXPECT_EQ(with("IOPRIO_CLASS_BE", 8), "process.ioPriority.priority: 8 is not from 0 to 7");
}

}  // namespace
}  // namespace rpod::runtime
