// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/parse_namespace.hh"

#include <gtest/gtest.h>

#include "container/message_of.hh"

namespace rpod::container {
namespace {

using Mode = UsernsConfig::Mode;

TEST(ParseNamespace, KnowsTheModes) {
    EXPECT_EQ(parse_namespace("", "pid"), NamespaceChoice{});
    EXPECT_EQ(parse_namespace("host", "pid").mode, NamespaceMode::host);
    EXPECT_EQ(parse_namespace("container:web", "pid"), (NamespaceChoice{NamespaceMode::container, "web"}));
    EXPECT_EQ(parse_namespace("ns:/proc/1/ns/pid", "pid"),
              (NamespaceChoice{NamespaceMode::path, "/proc/1/ns/pid"}));
    EXPECT_EQ(parse_ipc("").mode, NamespaceMode::shareable);
    EXPECT_EQ(parse_ipc("none").mode, NamespaceMode::none);
    EXPECT_EQ(message_of([] { parse_namespace("hots", "uts"); }),
              "uts: unknown mode 'hots'; private, host, container:NAME and ns:PATH are known");
    EXPECT_NE(message_of([] { parse_namespace("container:", "pid"); }), "no error");
    EXPECT_NE(message_of([] { parse_namespace("container:../x", "pid"); }), "no error");
    EXPECT_NE(message_of([] { parse_namespace("ns:x", "pid"); }), "no error");
}

TEST(NetworkNamespace, FollowsTheFirstNetwork) {
    EXPECT_EQ(network_namespace({}), NamespaceChoice{});
    EXPECT_EQ(network_namespace({.networks = {"slirp4netns:mtu=1500"}}), NamespaceChoice{});
    EXPECT_EQ(network_namespace({.networks = {"host"}}).mode, NamespaceMode::host);
    EXPECT_EQ(network_namespace({.networks = {"container:a"}}).target, "a");
    EXPECT_NE(message_of([] { network_namespace({.networks = {"host", "a"}}); }), "no error");
}

TEST(ParseUserns, ReadsModesAndOptions) {
    EXPECT_EQ(parse_userns(""), UsernsConfig{});
    EXPECT_EQ(parse_userns("host"), UsernsConfig{});
    EXPECT_EQ(parse_userns("nomap").mode, Mode::nomap);
    EXPECT_EQ(parse_userns("keep-id:uid=5,gid=6,size=7"),
              (UsernsConfig{.mode = Mode::keep_id, .keep_uid = 5, .keep_gid = 6, .size = 7}));
    EXPECT_EQ(parse_userns("auto:size=100,uidmapping=0:5:2,gidmapping=1:6"),
              (UsernsConfig{.mode = Mode::automatic,
                            .size = 100,
                            .uid_maps = {{0, 5, 2, false}},
                            .gid_maps = {{1, 6, 1, false}}}));
    EXPECT_EQ(parse_userns("container:web"), (UsernsConfig{.mode = Mode::container, .target = "web"}));
    EXPECT_EQ(message_of([] { parse_userns("keep-id:foo=1"); }), "userns: keep-id has no option 'foo'");
    for (const char* bad : {"root", "keep-id:", "keep-id:uid", "keep-id:uid=-1", "keep-id:uid=4294967295",
                            "auto:size=0", "auto:", "ns:relative", "keepid"}) {
        EXPECT_NE(message_of([&] { parse_userns(bad); }), "no error") << bad;
    }
}

TEST(ParseIdMapping, IsBounded) {
    EXPECT_EQ(parse_id_mapping("0:1:65536", "uidmap"), (IdMapping{0, 1, 65536, false}));
    EXPECT_EQ(parse_id_mapping("5:@1000", "uidmap"), (IdMapping{5, 1000, 1, true}));
    EXPECT_EQ(parse_id_mapping("4294967294:0:1", "uidmap").inside, 4294967294U);
    for (const char* bad : {"", "0", "0:1:0", "0:1:2:3", "a:1:1", "0:-1:1", "4294967295:0:1",
                            "1:0:4294967295", "0:0:4294967296", "+0:1:1", ":1:1", "0::1"}) {
        EXPECT_NE(message_of([&] { parse_id_mapping(bad, "uidmap"); }), "no error") << bad;
    }
}

}  // namespace
}  // namespace rpod::container
