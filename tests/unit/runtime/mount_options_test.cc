// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/mount_options.hh"

#include <gtest/gtest.h>
#include <linux/mount.h>
#include <sys/mount.h>

#include "base/error.hh"

namespace rpod::runtime {
namespace {

TEST(MountOptions, SortsByWhomTheyConcern) {
    const auto o = parse_mount_options({"nosuid", "strictatime", "mode=755", "size=1m", "rprivate"});
    EXPECT_EQ(o.flags, static_cast<unsigned long>(MS_NOSUID | MS_STRICTATIME));
    EXPECT_EQ(o.attributes_set, static_cast<uint64_t>(MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME));
    EXPECT_EQ(o.attributes_clear, static_cast<uint64_t>(MOUNT_ATTR__ATIME));
    EXPECT_EQ(o.propagation, static_cast<unsigned long>(MS_PRIVATE | MS_REC));
    EXPECT_EQ(o.data, "mode=755,size=1m");
}

TEST(MountOptions, TheLastOneWins) {
    const auto o = parse_mount_options({"ro", "rw", "noexec", "exec", "sync", "async", "noatime", "atime"});
    EXPECT_EQ(o.flags, 0UL);
    EXPECT_EQ(o.attributes_set, 0UL);
    EXPECT_EQ(o.attributes_clear, static_cast<uint64_t>(MOUNT_ATTR_NOEXEC));
    EXPECT_EQ(parse_mount_options({"noatime", "relatime"}).attributes_set,
              static_cast<uint64_t>(MOUNT_ATTR_RELATIME));
}

TEST(MountOptions, RecursiveOnes) {
    const auto o = parse_mount_options(
        {"rbind", "rro", "rnosuid", "rnodev", "rnoexec", "rnodiratime", "rnosymfollow", "rnoatime"});
    EXPECT_TRUE(o.bind);
    EXPECT_EQ(
        o.attributes_set,
        static_cast<uint64_t>(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
                              MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOSYMFOLLOW | MOUNT_ATTR_NOATIME));
    // "rw" is what a mount is by default; "rrw" is asked for.
    EXPECT_EQ(parse_mount_options({"rw"}).attributes_clear, 0UL);
    EXPECT_EQ(parse_mount_options({"rrw"}).attributes_clear, static_cast<uint64_t>(MOUNT_ATTR_RDONLY));
    EXPECT_TRUE(parse_mount_options({"rro", "rrelatime", "rstrictatime", "rsuid", "rdev"}).data.empty());
}

TEST(MountOptions, EveryWordOfTheSpecificationIsKnown) {
    const auto o = parse_mount_options(
        {"async",       "atime",        "defaults",      "dev",     "diratime",    "dirsync",
         "exec",        "iversion",     "lazytime",      "loud",    "noiversion",  "nolazytime",
         "nomand",      "norelatime",   "nostrictatime", "remount", "silent",      "suid",
         "symfollow",   "ratime",       "rdiratime",     "rexec",   "rnorelatime", "rnostrictatime",
         "rrelatime",   "rstrictatime", "rsymfollow",    "shared",  "slave",       "unbindable",
         "runbindable", "tmpcopyup"});
    EXPECT_EQ(o.data, "");
    EXPECT_TRUE(o.remount);
    EXPECT_TRUE(o.copy_up);
}

TEST(MountOptions, WhatCannotBeHonouredIsAnError) {
    for (const char* option : {"idmap", "ridmap", "mand"}) {
        EXPECT_THROW(parse_mount_options({option}), Error) << option;
    }
}

}  // namespace
}  // namespace rpod::runtime
