// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/rlimit.hh"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

#include "base/error.hh"
#include "sys/process.hh"

namespace rpod::sys {
namespace {

TEST(Rlimit, NamesAndNumbers) {
    EXPECT_EQ(find_rlimit("RLIMIT_NOFILE"), RLIMIT_NOFILE);
    EXPECT_EQ(find_rlimit("nproc"), RLIMIT_NPROC);
    EXPECT_EQ(find_rlimit("Core"), RLIMIT_CORE);
    EXPECT_FALSE(find_rlimit("host"));
    EXPECT_FALSE(find_rlimit(""));
    EXPECT_EQ(rlimit_names().size(), static_cast<size_t>(RLIM_NLIMITS));
    for (const auto& name : rlimit_names()) EXPECT_EQ(rlimit_name(*find_rlimit(name)), name);
}

TEST(Rlimit, SetsAndExplainsARefusal) {
    // The child gives up the privilege to raise limits, where it has it.
    const auto status = wait_for(fork_child("test", [] {
        set_rlimit(RLIMIT_NOFILE, {.soft = 64, .hard = 128});
        if (current_rlimit(RLIMIT_NOFILE) != LimitPair{.soft = 64, .hard = 128}) return 1;
        if (::geteuid() == 0 && ::unshare(CLONE_NEWUSER) < 0) return 77;
        try {
            set_rlimit(RLIMIT_NOFILE, {.soft = 64, .hard = kUnlimited});
        } catch (const Error& e) {
            const std::string text = std::string(e.what()) + "\n" + e.hint();
            return text == "set RLIMIT_NOFILE to 64:unlimited: Operation not permitted\n"
                           "the hard limit of the user who runs this is 128; only the administrator can "
                           "raise it"
                       ? 0
                       : 2;
        }
        return 3;
    }));
    if (status.code == 77) GTEST_SKIP() << "root, and no user namespaces here";
    EXPECT_EQ(status.code, 0);
}

}  // namespace
}  // namespace rpod::sys
