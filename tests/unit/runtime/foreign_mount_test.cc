// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/foreign_mount.hh"

#include <gtest/gtest.h>

namespace rpod::runtime {
namespace {

TEST(ForeignPath, IsAProcessAndAPathBelowItsRoot) {
    const auto path = parse_foreign_path("/proc/42/root/dev/shm");
    ASSERT_TRUE(path);
    EXPECT_EQ(path->pid, 42);
    EXPECT_EQ(path->path, "/dev/shm");
}

TEST(ForeignPath, OtherPathsAreTheHosts) {
    for (const char* path : {"/srv", "/proc/42", "/proc/42/root", "/proc/self/root/dev", "/proc/42/rootx/dev",
                             "/proc/-1/root/x", "/proc//root/x", "/proc/99999999999/root/x"}) {
        EXPECT_FALSE(parse_foreign_path(path)) << path;
    }
}

}  // namespace
}  // namespace rpod::runtime
