// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/mount.hh"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "base/error.hh"
#include "sys/file.hh"
#include "sys/mount_table.hh"
#include "sys/namespace.hh"
#include "sys/process.hh"

namespace rpod::sys {
namespace {

TEST(MountTable, ReadsLinesAndTheirEscapes) {
    const auto table = parse_mount_table(
        "22 1 0:21 / / rw,relatime shared:1 - ext4 /dev/root rw\n"
        "30 22 0:25 / /with\\040space\\134and\\011tab rw - tmpfs none rw\n");
    ASSERT_EQ(table.size(), 2u);
    EXPECT_EQ(table[1].id, 30);
    EXPECT_EQ(table[1].parent, 22);
    EXPECT_EQ(table[1].point, "/with space\\and\ttab");
    EXPECT_THROW(parse_mount_table("22 x 0:21 / / rw\n"), Error);
    EXPECT_THROW(parse_mount_table("22 1\n"), Error);
}

TEST(MountTable, FindsWhatIsBelowInAnyOrder) {
    const std::vector<MountEntry> table{{.id = 5, .parent = 4, .point = "/a/b/c"},
                                        {.id = 4, .parent = 3, .point = "/a/b"},
                                        {.id = 3, .parent = 1, .point = "/a"},
                                        {.id = 6, .parent = 1, .point = "/other"},
                                        {.id = 1, .parent = 1, .point = "/"}};
    const auto below = mounts_below(table, 3);
    ASSERT_EQ(below.size(), 2u);
    EXPECT_EQ(below[0].id, 4);
    EXPECT_EQ(below[1].id, 5);
    EXPECT_EQ(mounts_below(table, 1).size(), 4u);
}

/// errno of making a file; 0.
int try_write(const std::string& path) {
    const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    return file ? 0 : errno;
}

void become_root_of_namespaces() {
    const uid_t uid = ::getuid();
    const gid_t gid = ::getgid();
    unshare_namespaces(CLONE_NEWUSER | CLONE_NEWNS);
    write_existing("/proc/self/setgroups", "deny");
    write_existing("/proc/self/uid_map", fmt::format("0 {} 1", uid));
    write_existing("/proc/self/gid_map", fmt::format("0 {} 1", gid));
}

void mount_tmpfs(const std::string& path) {
    ::mkdir(path.c_str(), 0700);
    check(::mount("none", path.c_str(), "tmpfs", MS_NOSUID, nullptr), "mount a tmpfs on '{}'", path);
}

/// In a mount namespace: /tmp/a with a mount below it, bound to /tmp/b. @return what went wrong
std::string change_copies(bool recursive) {
    mount_tmpfs("/tmp");
    mount_tmpfs("/tmp/a");
    mount_tmpfs("/tmp/a/be low");
    ::mkdir("/tmp/b", 0700);
    const Fd copy = clone_mount(AT_FDCWD, "/tmp/a", true);
    const Fd target = open_file("/tmp/b", O_PATH);
    attach_mount(copy.get(), target.get(), "/tmp/b");
    change_mount_by_remounts(copy.get(), MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC, 0, recursive, "/tmp/b");
    if (try_write("/tmp/b/x") != EROFS) return "the mount can be written to";
    if (try_write("/tmp/b/be low/x") != (recursive ? EROFS : 0)) return "the mount below it is not as asked";
    if (try_write("/tmp/a/x") != 0 || try_write("/tmp/a/be low/y") != 0) return "the original changed";
    change_mount_by_remounts(copy.get(), 0, MOUNT_ATTR_RDONLY, false, "/tmp/b");
    return try_write("/tmp/b/x") == 0 ? "" : "the mount stayed as it was";
}

TEST(Mount, ChangesByRemountsAsKernelsBefore512Do) {
    for (const bool recursive : {true, false}) {
        const pid_t child = fork_child("test", [&] {
            try {
                become_root_of_namespaces();
            } catch (const Error&) {
                return 2;
            }
            const std::string problem = change_copies(recursive);
            if (!problem.empty()) ::dprintf(STDERR_FILENO, "%s\n", problem.c_str());
            return problem.empty() ? 0 : 1;
        });
        const auto status = wait_for(child);
        if (status.code == 2) GTEST_SKIP() << "user namespaces cannot be made here";
        EXPECT_EQ(status.code, 0) << "recursive: " << recursive;
    }
}

}  // namespace
}  // namespace rpod::sys
