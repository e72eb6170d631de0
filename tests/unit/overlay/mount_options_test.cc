// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/mount_options.hh"

#include <gtest/gtest.h>

#include "base/error.hh"

namespace rpod::overlay {
namespace {

std::string refusal(const std::string& text) {
    try {
        parse_mount_options({text});
    } catch (const Error& e) {
        return e.what();
    }
    return "";
}

TEST(MountOptions, JoinsSeveralTexts) {
    const auto o = parse_mount_options({"lowerdir=a:b,ro", "upperdir=u", "workdir=w,noacl,xino=auto"});
    EXPECT_EQ(o.lowers, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(o.upper, "u");
    EXPECT_EQ(o.work, "w");
    EXPECT_TRUE(o.read_only);
    EXPECT_FALSE(o.acls);
    EXPECT_TRUE(o.sync);
}

TEST(MountOptions, TakesSeparatorsWithABackslash) {
    const auto o = parse_mount_options({R"(lowerdir=a\:b:c\,d,upperdir=e\,f,workdir=w)"});
    EXPECT_EQ(o.lowers, (std::vector<std::string>{"a:b", "c,d"}));
    EXPECT_EQ(o.upper, "e,f");
}

TEST(MountOptions, NamesWhatItRefuses) {
    EXPECT_EQ(refusal("lowerdir=a,xino=on"), "unknown option 'xino=on'");
    EXPECT_EQ(refusal("lowerdir=a,nonsense"), "unknown option 'nonsense'");
    EXPECT_EQ(refusal("lowerdir=a,upperdir"), "option 'upperdir' needs a value");
    EXPECT_EQ(refusal("lowerdir=a,ro=1"), "option 'ro' takes no value");
    EXPECT_EQ(refusal("lowerdir=a,redirect_dir=on"), "option 'redirect_dir=on' is not done: only 'off' is");
    EXPECT_EQ(refusal("lowerdir=a:,ro"), "option 'lowerdir': an empty name");
    EXPECT_EQ(refusal("lowerdir=a,squash_to_uid=x"), "option 'squash_to_uid': 'x' is no ID");
    EXPECT_EQ(refusal("lowerdir=a,uidmapping=0:1"), "option 'uidmapping': '0:1' is not made of ID:ID:COUNT");
    EXPECT_EQ(refusal("ro"), "no lowerdir given");
    EXPECT_EQ(refusal("lowerdir=a,upperdir=u"), "no workdir given");
    EXPECT_EQ(refusal("lowerdir=a,workdir=u"), "a workdir without an upperdir");
}

TEST(MountOptions, MapsOwnersBothWays) {
    const auto o = parse_mount_options({"lowerdir=a,uidmapping=0:1000:1:1:110000:65536"});
    const OwnerMap uids = o.uid_map();
    EXPECT_EQ(uids.shown(0), 1000U);
    EXPECT_EQ(uids.shown(1), 110000U);
    EXPECT_EQ(uids.shown(65537), 65534U);
    EXPECT_EQ(uids.disk(1000), 0U);
    EXPECT_EQ(uids.disk(110009), 10U);
    EXPECT_EQ(uids.disk(5), 65534U);
    EXPECT_EQ(o.gid_map().shown(7), 7U);
}

TEST(MountOptions, AnIdComesBeforeRoot) {
    const auto o = parse_mount_options({"lowerdir=a,squash_to_root,squash_to_gid=5"});
    EXPECT_EQ(o.uid_map().shown(1234), 0U);
    EXPECT_EQ(o.gid_map().shown(1234), 5U);
}

}  // namespace
}  // namespace rpod::overlay
