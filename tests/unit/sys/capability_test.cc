// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/capability.hh"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/strings.hh"
#include "sys/file.hh"
#include "sys/process.hh"

namespace rpod::sys {
namespace {

constexpr int kSkipped = 77;

/// Runs fn in a child that has every capability in a user namespace of its own; its exit code, kSkipped where
/// the kernel gives none.
int in_user_namespace(const std::function<int()>& fn) {
    return wait_for(fork_child("test",
                               [&] {
                                   if (::unshare(CLONE_NEWUSER) < 0 || current_capabilities().effective == 0)
                                       return kSkipped;
                                   return fn();
                               }))
        .code;
}

/// The kernel's own view of one set: "CapInh" in /proc/self/status.
CapSet status_set(std::string_view key) {
    const auto status = read_file("/proc/self/status");
    for (const auto line : split(status, '\n')) {
        if (!line.starts_with(key)) continue;
        return std::stoull(std::string(line.substr(key.size() + 1)), nullptr, 16);
    }
    return ~CapSet{0};
}

TEST(Capability, NamesAndNumbers) {
    EXPECT_EQ(find_capability("CAP_CHOWN"), 0);
    EXPECT_EQ(find_capability("sys_admin"), 21);
    EXPECT_EQ(find_capability("Cap_Checkpoint_Restore"), 40);
    EXPECT_FALSE(find_capability("CAP_"));
    EXPECT_FALSE(find_capability("cap_cap_chown"));
    EXPECT_FALSE(find_capability("ALL"));
    EXPECT_EQ(capability_name(40), "CAP_CHECKPOINT_RESTORE");
    EXPECT_EQ(capability_name(41), "CAP_41");
    for (int n = 0; n <= 40; ++n) EXPECT_EQ(find_capability(capability_name(n)), n);
}

TEST(Capability, SetsAndNames) {
    const std::vector<std::string> names = {"CAP_CHOWN", "CAP_NET_ADMIN", "CAP_BPF"};
    const auto set = capability_set(names);
    EXPECT_EQ(set, cap_bit(0) | cap_bit(kCapNetAdmin) | cap_bit(39));
    EXPECT_EQ(capability_names(set), names);
    EXPECT_THROW(capability_set({"CAP_CHOWN", "CAP_FLY"}), Error);
}

TEST(Capability, KernelListEndsWithItsLast) {
    const auto last = parse_uint(trim(read_file("/proc/sys/kernel/cap_last_cap")));
    ASSERT_TRUE(last);
    EXPECT_EQ(kernel_capabilities(), (CapSet{2} << *last) - 1);
}

TEST(Capability, CurrentSetsAreTheKernels) {
    const auto sets = current_capabilities();
    EXPECT_EQ(sets.effective, status_set("CapEff:"));
    EXPECT_EQ(sets.permitted, status_set("CapPrm:"));
    EXPECT_EQ(sets.inheritable, status_set("CapInh:"));
    EXPECT_EQ(sets.bounding, status_set("CapBnd:"));
    EXPECT_EQ(sets.ambient, status_set("CapAmb:"));
}

TEST(Capability, SetsExactlyWhatWasAskedFor) {
    const int code = in_user_namespace([] {
        const CapSet some = capability_set({"CAP_KILL", "CAP_CHOWN"});
        const CapSets wanted{.bounding = some, .effective = cap_bit(0), .permitted = some};
        limit_bounding(wanted.bounding);
        keep_capabilities(true);
        set_capabilities(wanted);
        // Nothing inheritable unless asked for (CVE-2022-24769).
        if (status_set("CapInh:") != 0 || status_set("CapAmb:") != 0) return 1;
        if (status_set("CapBnd:") != some || status_set("CapPrm:") != some) return 2;
        return current_capabilities() == wanted ? 0 : 3;
    });
    if (code == kSkipped) GTEST_SKIP() << "no user namespaces here";
    EXPECT_EQ(code, 0);
}

TEST(Capability, AmbientNeedsPermittedAndInheritable) {
    const int code = in_user_namespace([] {
        const CapSet kill = capability_set({"CAP_KILL"}), both = kill | cap_bit(0);
        set_capabilities({.effective = both, .permitted = both, .inheritable = kill, .ambient = both});
        return current_capabilities().ambient == kill ? 0 : 1;
    });
    if (code == kSkipped) GTEST_SKIP() << "no user namespaces here";
    EXPECT_EQ(code, 0);
}

TEST(Capability, SaysWhichAreLacking) {
    const int code = in_user_namespace([] {
        const CapSet kill = capability_set({"CAP_KILL"});
        set_capabilities({.effective = kill, .permitted = kill});
        try {
            set_capabilities({.permitted = kill | cap_bit(kCapSysAdmin)});
        } catch (const Error& e) {
            return std::string_view(e.what()) == "set capabilities: this process lacks CAP_SYS_ADMIN" ? 0 : 1;
        }
        return 2;
    });
    if (code == kSkipped) GTEST_SKIP() << "no user namespaces here";
    EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace rpod::sys
