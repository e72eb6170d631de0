// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/parse_mount.hh"

#include <gtest/gtest.h>

#include "container/message_of.hh"

namespace rpod::container {
namespace {

BindMount bind_of(std::string_view text) { return std::get<BindMount>(parse_volume(text, "/home/u")); }
VolumeMount volume_of(std::string_view text) { return std::get<VolumeMount>(parse_volume(text, "/home/u")); }

TEST(ParseVolume, TellsBindsVolumesAndAnonymousOnesApart) {
    EXPECT_EQ(bind_of("/a:/b"), (BindMount{"/a", "/b", {}}));
    EXPECT_EQ(bind_of("./x:/b").source, "/home/u/x");
    EXPECT_EQ(bind_of(".:/b").source, "/home/u");
    EXPECT_EQ(bind_of("../x:/b").source, "/home/u/../x");
    EXPECT_EQ(volume_of("data:/b"), (VolumeMount{"data", "/b", {}, true}));
    EXPECT_EQ(volume_of("/b"), (VolumeMount{"", "/b", {}, true}));
    EXPECT_EQ(bind_of("/a\\:b:/c").source, "/a:b");
}

TEST(ParseVolume, CleansTheDestination) {
    EXPECT_EQ(bind_of("/a:/b/../../c//d/.").destination, "/c/d");
    EXPECT_NE(message_of([] { bind_of("/a:/"); }), "no error");
    EXPECT_NE(message_of([] { bind_of("/a:/b/.."); }), "no error");
    EXPECT_EQ(message_of([] { bind_of("/a:b"); }),
              "volume '/a:b': the path in the container must be absolute, not 'b'");
}

TEST(ParseVolume, ReadsEveryOption) {
    const auto o = bind_of("/a:/b:ro,exec,suid,dev,rslave,Z,U").options;
    EXPECT_EQ(o, (MountOptions{.read_only = true,
                               .exec = true,
                               .suid = true,
                               .dev = true,
                               .propagation = Propagation::rslave,
                               .relabel = Relabel::private_,
                               .chown = true}));
    EXPECT_FALSE(bind_of("/a:/b:noexec").options.exec);
    EXPECT_EQ(bind_of("/a:/b:rw,nosuid,nodev,rbind,cached").options, MountOptions{});
    EXPECT_FALSE(volume_of("v:/b:nocopy").copy_up);
}

TEST(ParseVolume, RefusesWhatHasNoMeaning) {
    EXPECT_EQ(message_of([] { bind_of("/a:/b:foo"); }), "volume '/a:/b:foo': unknown option 'foo'");
    EXPECT_EQ(message_of([] { bind_of("/a:/b:ro,rw"); }),
              "volume '/a:/b:ro,rw': only one of ro and rw can be given, and once");
    EXPECT_EQ(message_of([] { bind_of("/a:/b:shared,rslave"); }),
              "volume '/a:/b:shared,rslave': only one of the propagation options can be given, and once");
    EXPECT_NE(message_of([] { bind_of("/a:/b:ro=true"); }), "no error");
    EXPECT_NE(message_of([] { bind_of("/a:/b:"); }), "no error");
    EXPECT_NE(message_of([] { bind_of("/a:/b:ro:x"); }), "no error");
    EXPECT_NE(message_of([] { bind_of("/a:/b:nocopy"); }), "no error");
    EXPECT_NE(message_of([] { bind_of("/a:/b:O"); }), "no error");
    EXPECT_NE(message_of([] { bind_of("/a:/b:bind"); }), "no error");
    EXPECT_NE(message_of([] { bind_of("/a:/b:idmap=uids=0-1-1"); }), "no error");
    EXPECT_NE(message_of([] { parse_volume(":/b", "/"); }), "no error");
    EXPECT_NE(message_of([] { parse_volume("~/x:/b", "/"); }), "no error");
    EXPECT_NE(message_of([] { parse_volume("-v:/b", "/"); }), "no error");
    EXPECT_NE(message_of([] { parse_volume("", "/"); }), "no error");
    EXPECT_NE(message_of([] { parse_volume(std::string_view("/a\0:/b", 6), "/"); }), "no error");
}

TEST(ParseMount, ReadsBinds) {
    const auto m =
        parse_mount("type=bind,src=x,target=/e,bind-propagation=rslave,ro=true,relabel=shared,U", "/home/u");
    EXPECT_EQ(m, (Mount{BindMount{"/home/u/x",
                                  "/e",
                                  {.read_only = true,
                                   .propagation = Propagation::rslave,
                                   .relabel = Relabel::shared,
                                   .chown = true}}}));
    EXPECT_EQ(parse_mount("type=bind,source=/a,destination=/b,consistency=cached,readonly=false", "/"),
              (Mount{BindMount{"/a", "/b", {}}}));
    EXPECT_EQ(parse_mount("type=bind,\"src=/a,\"\"b\",dst=/b", "/"), (Mount{BindMount{"/a,\"b", "/b", {}}}));
}

TEST(ParseMount, RefusesUnknownPropagation) {
    // CVE-2024-9407: the text went to mount(2) as it was.
    EXPECT_NE(message_of([] { parse_mount("type=bind,src=/a,dst=/b,bind-propagation=suid", "/"); }),
              "no error");
    EXPECT_NE(message_of([] { parse_mount("type=bind,src=/a,dst=/b,bind-propagation=", "/"); }), "no error");
    EXPECT_NE(message_of([] { parse_mount("type=bind,src=/a,dst=/b,bind-propagation", "/"); }), "no error");
    EXPECT_NE(message_of([] { parse_mount("type=bind,src=/a,dst=/b,bind-propagation=z", "/"); }), "no error");
    EXPECT_NE(message_of([] { parse_mount("type=bind,src=/a,dst=/b,bind-propagation=shared,private", "/"); }),
              "no error");
}

TEST(ParseMount, ReadsTheOtherTypes) {
    EXPECT_EQ(parse_mount("type=volume,source=v,dst=/b,ro=1,nocopy", "/"),
              (Mount{VolumeMount{"v", "/b", {.read_only = true}, false}}));
    EXPECT_EQ(parse_mount("dst=/b", "/"), (Mount{VolumeMount{"", "/b", {}, true}}));
    EXPECT_EQ(
        parse_mount("type=tmpfs,destination=/t,tmpfs-size=1m,tmpfs-mode=700,notmpcopyup,ro", "/"),
        (Mount{TmpfsMount{
            .destination = "/t", .read_only = true, .size_bytes = 1 << 20, .mode = 0700, .copy_up = false}}));
    EXPECT_EQ(parse_mount("type=devpts,destination=/dev/pts,gid=5,mode=620,max=9", "/"),
              (Mount{DevptsMount{.destination = "/dev/pts", .mode = 0620, .gid = 5, .max = 9}}));
}

TEST(ParseMount, RefusesTheRestByName) {
    EXPECT_EQ(message_of([] { parse_mount("type=image,src=i,dst=/b", "/"); }),
              "mount 'type=image,src=i,dst=/b': mounts of type image are not supported yet");
    EXPECT_EQ(message_of([] { parse_mount("type=proc,dst=/b", "/"); }),
              "mount 'type=proc,dst=/b': unknown type 'proc'; bind, volume, tmpfs and devpts are known");
    EXPECT_NE(message_of([] { parse_mount("type=bind,dst=/b", "/"); }), "no error");
    EXPECT_NE(message_of([] { parse_mount("type=bind,src=/a", "/"); }), "no error");
    EXPECT_NE(message_of([] { parse_mount("type=bind,src=/a,dst=/b,dst=/c", "/"); }), "no error");
    EXPECT_NE(message_of([] { parse_mount("type=tmpfs,src=/a,dst=/b", "/"); }), "no error");
    EXPECT_NE(message_of([] { parse_mount("type=tmpfs,dst=/b,tmpfs-uid=1", "/"); }), "no error");
    EXPECT_NE(message_of([] { parse_mount("type=volume,src=/a,dst=/b", "/"); }), "no error");
    EXPECT_NE(message_of([] { parse_mount("type=bind,src=/a,dst=/b,\"x", "/"); }), "no error");
    EXPECT_NE(message_of([] { parse_mount("", "/"); }), "no error");
}

TEST(ParseTmpfs, ReadsOptions) {
    EXPECT_EQ(parse_tmpfs("/x"), (TmpfsMount{.destination = "/x"}));
    EXPECT_EQ(parse_tmpfs("/x:rw,size=64m,mode=1777,noexec,uid=1,gid=2,nr_inodes=10k"),
              (TmpfsMount{.destination = "/x",
                          .exec = false,
                          .size_bytes = 64 << 20,
                          .inodes = 10240,
                          .mode = 01777,
                          .uid = 1,
                          .gid = 2}));
    EXPECT_EQ(message_of([] { parse_tmpfs("/x:size=big"); }),
              "tmpfs '/x:size=big': option 'size': 'big' is not a size such as 64m");
    EXPECT_NE(message_of([] { parse_tmpfs("/x:mode=17777"); }), "no error");
    EXPECT_NE(message_of([] { parse_tmpfs("/x:mode=8"); }), "no error");
    EXPECT_NE(message_of([] { parse_tmpfs("/x:uid=4294967295"); }), "no error");
    EXPECT_NE(message_of([] { parse_tmpfs("/x:mpol=bind"); }), "no error");
}

TEST(Mounts, OfOneDestinationAreRefused) {
    EXPECT_EQ(message_of([] {
                  require_distinct_destinations({parse_tmpfs("/x"), parse_volume("/a:/y/../x", "/")});
              }),
              "/x: duplicate mount destination");
}

}  // namespace
}  // namespace rpod::container
