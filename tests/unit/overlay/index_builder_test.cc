// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/index_builder.hh"

#include <gtest/gtest.h>

#include "index_fixture.hh"

namespace rpod::overlay {
namespace {

using namespace test;

TEST(IndexBuilder, KeepsWhatOneLayerSays) {
    EXPECT_EQ(shape({{dir("a"), file("a/f", 3), symlink("a/l", "../x"), dir("b")}}), "a/ a/f:3 a/l->../x b/");
    EXPECT_EQ(shape({{}}), "");
    EXPECT_EQ(shape(std::vector<Layer>{}), "");
}

TEST(IndexBuilder, KeepsAttributes) {
    LayerEntry e = file("f", 5);
    e.mode = 06755;
    e.uid = 1000;
    e.gid = 4294967295;
    e.mtime_s = -7;
    e.mtime_ns = 999999999;
    LayerEntry device{
        .path = "d", .type = EntryType::block_device, .mode = 0600, .dev_major = 259, .dev_minor = 70000};
    const Index index = build({{e, device}});
    const Node& f = index.node(*index.lookup(kRootIno, "f"));
    EXPECT_EQ(f.mode, S_IFREG | 06755u);
    EXPECT_EQ(f.uid, 1000u);
    EXPECT_EQ(f.gid, 4294967295u);
    EXPECT_EQ(f.mtime_s, -7);
    EXPECT_EQ(f.mtime_ns, 999999999u);
    EXPECT_EQ(f.nlink, 1u);
    const Node& d = index.node(*index.lookup(kRootIno, "d"));
    EXPECT_EQ(d.rdev, (70000u & 0xff) | (259u << 8) | ((70000u & ~0xffu) << 12));
}

TEST(IndexBuilder, SymbolicLinksHaveAllPermissions) {
    LayerEntry link = symlink("l", "x");
    link.mode = 04600;
    const Index index = build({{link}});
    EXPECT_EQ(index.node(*index.lookup(kRootIno, "l")).mode, S_IFLNK | 0777u);
}

TEST(IndexBuilder, RootTakesItsMember) {
    LayerEntry root = dir("", 0700);
    root.uid = 5;
    const Index index = build({{file("f")}, {root}});
    EXPECT_EQ(index.node(kRootIno).mode, S_IFDIR | 0700u);
    EXPECT_EQ(index.node(kRootIno).uid, 5u);
    EXPECT_EQ(shape(index), "f:1");
    EXPECT_EQ(build({{}}).node(kRootIno).mode, S_IFDIR | 0755u);
}

TEST(IndexBuilder, RefusesAnotherRoot) {
    EXPECT_THROW(build({{symlink("", "/etc")}}), Error);
    EXPECT_THROW(build({{file("")}}), Error);
    EXPECT_THROW(build({{file("f"), hardlink("", "f")}}), Error);
    EXPECT_THROW(build({{hardlink("x", "")}}), Error);
}

TEST(IndexBuilder, MakesMissingParents) {
    const Index index = build({{file("a/b/f")}});
    EXPECT_EQ(shape(index), "a/ a/b/ a/b/f:1");
    const Node& a = index.node(*index.resolve("a"));
    EXPECT_EQ(a.mode, S_IFDIR | 0755u);
    EXPECT_EQ(a.uid, 0u);
    EXPECT_EQ(a.mtime_s, 200);
    EXPECT_EQ(a.nlink, 3u);
    // Its own member may come later.
    EXPECT_EQ(build({{file("a/f"), dir("a", 0700)}}).node(2).mode, S_IFDIR | 0700u);
}

TEST(IndexBuilder, WhiteoutHidesLowerLayers) {
    EXPECT_EQ(shape({{file("f"), file("g")}, {file(".wh.f")}}), "g:1");
    EXPECT_EQ(shape({{file("d/f"), file("g")}, {file(".wh.d")}}), "g:1");
    EXPECT_EQ(shape({{file("d/f"), file("d/g")}, {file("d/.wh.f")}}), "d/ d/g:1");
    EXPECT_EQ(shape({{symlink("l", "d"), file("d/f")}, {file(".wh.l")}}), "d/ d/f:1");
    EXPECT_EQ(shape({{file("f")}, {file(".wh.f")}, {file("f", 2)}}), "f:2");
    // The type of the member does not matter.
    EXPECT_EQ(shape({{file("f")}, {dir(".wh.f")}}), "");
    EXPECT_EQ(shape({{file("f")}, {hardlink(".wh.f", "nowhere")}}), "");
}

TEST(IndexBuilder, WhiteoutSparesItsOwnLayer) {
    EXPECT_EQ(shape({{file("f", 1)}, {file("f", 2), file(".wh.f")}}), "f:2");
    EXPECT_EQ(shape({{file("f", 1)}, {file(".wh.f"), file("f", 2)}}), "f:2");
    EXPECT_EQ(shape({{file("d/low")}, {file("d/high"), file(".wh.d")}}), "d/ d/high:1");
    EXPECT_EQ(shape({{file("d/low")}, {file(".wh.d"), dir("d"), file("d/high")}}), "d/ d/high:1");
    EXPECT_EQ(shape({{file("f"), file(".wh.f")}}), "f:1");
}

TEST(IndexBuilder, WhiteoutOfNothingIsHarmless) {
    EXPECT_EQ(
        shape({{file("g")}, {file(".wh.f"), file("x/y/.wh.z"), file("g/.wh.z"), file("x/.wh..wh..opq")}}),
        "g:1");
}

TEST(IndexBuilder, OpaqueHidesLowerLayersOnly) {
    const Layer low = {dir("d", 0700), file("d/a"), file("d/sub/b"), file("e")};
    EXPECT_EQ(shape({low, {file("d/.wh..wh..opq")}}), "d/ e:1");
    EXPECT_EQ(shape({low, {file("d/new"), file("d/.wh..wh..opq")}}), "d/ d/new:1 e:1");
    EXPECT_EQ(shape({low, {file("d/.wh..wh..opq"), file("d/new")}}), "d/ d/new:1 e:1");
    EXPECT_EQ(shape({low, {file("d/sub/new"), file("d/.wh..wh..opq")}}), "d/ d/sub/ d/sub/new:1 e:1");
    EXPECT_EQ(shape({low, {file(".wh..wh..opq"), file("n")}}), "n:1");
    EXPECT_EQ(build({low, {file("d/.wh..wh..opq")}}).node(2).mode, S_IFDIR | 0700u);
}

TEST(IndexBuilder, WhiteoutsFollowLinkedParents) {
    const Layer low = {file("d/a"), file("d/b"), symlink("l", "/d"), symlink("m", "l")};
    EXPECT_EQ(shape({low, {file("l/.wh.a")}}), "d/ d/b:1 l->/d m->l");
    EXPECT_EQ(shape({low, {file("m/.wh..wh..opq")}}), "d/ l->/d m->l");
    EXPECT_EQ(shape({low, {symlink("x", "../../../d"), file("x/.wh.a")}}),
              "d/ d/a:1 d/b:1 l->/d m->l x->../../../d");
    EXPECT_THROW(build({{symlink("a", "b"), symlink("b", "a")}, {file("a/.wh.x")}}), Error);
}

TEST(IndexBuilder, RefusesWhiteoutsThatNameNoFile) {
    for (const char* path : {".wh.", "d/.wh.", ".wh..", "d/.wh...", ".wh.../x", ".wh.f/x", "a/.wh./x"}) {
        EXPECT_THROW(build({{file("d/f")}, {file(path)}}), Error) << path;
    }
}

TEST(IndexBuilder, SkipsAufsData) {
    EXPECT_EQ(shape({{file(".wh..wh.aufs"), dir(".wh..wh.plnk"), file(".wh..wh.plnk/1.2"), file("f")}}),
              "f:1");
}

TEST(IndexBuilder, LastOfTwoMembersHolds) {
    EXPECT_EQ(shape({{file("f", 1), file("f", 2)}}), "f:2");
    EXPECT_EQ(shape({{dir("d", 0700), file("d/f"), dir("d", 0711)}}), "d/ d/f:1");
    EXPECT_EQ(shape({{dir("x"), file("x/f"), symlink("x", "y"), dir("x")}}), "x/");
    EXPECT_EQ(shape({{dir("x"), file("x/f"), file("x")}}), "x:1");
}

TEST(IndexBuilder, OtherTypesReplace) {
    EXPECT_EQ(shape({{file("d/a/b")}, {file("d", 7)}}), "d:7");
    EXPECT_EQ(shape({{file("d", 7)}, {dir("d"), file("d/x")}}), "d/ d/x:1");
    EXPECT_EQ(shape({{file("t/x"), symlink("l", "t")}, {dir("l")}}), "l/ t/ t/x:1");
    EXPECT_EQ(shape({{file("t/x")}, {symlink("t", "u")}}), "t->u");
}

TEST(IndexBuilder, DirectoriesMerge) {
    const Index index = build({{dir("d", 0700), file("d/a")}, {dir("d", 0711), file("d/b")}});
    EXPECT_EQ(shape(index), "d/ d/a:1 d/b:1");
    EXPECT_EQ(index.node(2).mode, S_IFDIR | 0711u);
    // Without a member of its own it keeps what it had.
    EXPECT_EQ(build({{dir("d", 0700)}, {file("d/b")}}).node(2).mode, S_IFDIR | 0700u);
}

TEST(IndexBuilder, ParentsThatAreLinksStayInside) {
    EXPECT_EQ(shape({{symlink("a", "/etc"), file("a/x")}}), "a->/etc etc/ etc/x:1");
    EXPECT_EQ(shape({{dir("d"), symlink("d/a", "../../../../etc"), file("d/a/x")}}),
              "d/ d/a->../../../../etc etc/ etc/x:1");
    EXPECT_EQ(shape({{dir("usr/lib"), symlink("lib", "usr/lib")}, {file("lib/x")}}),
              "lib->usr/lib usr/ usr/lib/ usr/lib/x:1");
    EXPECT_EQ(shape({{symlink("a", "b/c"), symlink("b", "d"), file("a/x")}}), "a->b/c b->d d/ d/c/ d/c/x:1");
    EXPECT_EQ(shape({{symlink("r", "/"), file("r/r/x")}}), "r->/ x:1");
}

TEST(IndexBuilder, RefusesLoops) {
    EXPECT_THROW(build({{symlink("a", "a"), file("a/x")}}), Error);
    EXPECT_THROW(build({{symlink("a", "b"), symlink("b", "a"), file("b/x")}}), Error);
    EXPECT_THROW(build({{symlink("a", "a/b"), file("a/x")}}), Error);
    // A loop that nobody walks is just two links.
    EXPECT_EQ(shape({{symlink("a", "b"), symlink("b", "a")}}), "a->b b->a");
}

TEST(IndexBuilder, FileAsParent) {
    EXPECT_THROW(build({{file("f"), file("f/x")}}), Error);
    EXPECT_EQ(shape({{file("f")}, {file("f/x", 2)}}), "f/ f/x:2");
}

TEST(IndexBuilder, HardLinksShareAnInode) {
    const Index index = build({{file("a", 3), hardlink("b", "a"), hardlink("d/c", "b")}});
    EXPECT_EQ(shape(index), "a:3*3 b:3*3 d/ d/c:3*3");
    EXPECT_EQ(*index.resolve("a"), *index.resolve("d/c"));
}

TEST(IndexBuilder, HardLinksAcrossLayers) {
    EXPECT_EQ(shape({{file("a", 3)}, {hardlink("b", "a")}}), "a:3*2 b:3*2");
    const Layer low = {file("a", 3), hardlink("b", "a"), hardlink("c", "a")};
    EXPECT_EQ(shape({low, {file("a", 9)}}), "a:9 b:3*2 c:3*2");
    EXPECT_EQ(shape({low, {file(".wh.a")}}), "b:3*2 c:3*2");
    EXPECT_EQ(shape({low, {file(".wh.a"), file(".wh.b")}}), "c:3");
    EXPECT_EQ(shape({low, {file("b", 9), hardlink("d", "b")}}), "a:3*2 b:9*2 c:3*2 d:9*2");
    // The whiteouts come first: the target is gone.
    EXPECT_THROW(build({low, {hardlink("d", "a"), file(".wh.a"), file(".wh.b"), file(".wh.c")}}), Error);
}

TEST(IndexBuilder, HardLinkTargets) {
    EXPECT_EQ(shape({{symlink("l", "nowhere"), hardlink("m", "l")}}), "l->nowhere*2 m->nowhere*2");
    EXPECT_EQ(shape({{file("d/f", 2), symlink("l", "/d"), hardlink("x", "l/f")}}), "d/ d/f:2*2 l->/d x:2*2");
    EXPECT_EQ(shape({{file("a"), hardlink("a", "a")}}), "a:1");
    EXPECT_EQ(shape({{file("d/f", 2)}, {hardlink("d", "d/f")}}), "d:2");
    EXPECT_THROW(build({{hardlink("a", "b")}}), Error);
    EXPECT_THROW(build({{hardlink("a", "b"), file("b")}}), Error);
    EXPECT_THROW(build({{dir("d"), hardlink("a", "d")}}), Error);
    EXPECT_THROW(build({{file("f"), hardlink("a", "f/x")}}), Error);
    EXPECT_THROW(build({{symlink("l", "l"), hardlink("a", "l/x")}}), Error);
}

TEST(IndexBuilder, NullDeviceIsNoFile) {
    const LayerEntry null{.path = "f", .type = EntryType::char_device, .mode = 0644};
    EXPECT_EQ(shape({{file("f"), file("g")}, {null}}), "g:1");
    LayerEntry block = null;
    block.type = EntryType::block_device;
    EXPECT_EQ(shape({{block}}), "f@0");
}

TEST(IndexBuilder, DropsAttributesThatAreNotTheImages) {
    LayerEntry f = file("f");
    for (const char* name : {"user.overlay.metacopy", "trusted.overlay.redirect", "security.selinux",
                             "system.nfs4_acl", "foreign", "system.posix_acl_default", "user.mine"}) {
        f.xattrs.emplace_back(name, "x");
    }
    f.xattrs.emplace_back("user.mine", "last");
    const Index index = build({{f, with_xattr(symlink("l", "f"), "user.mine", "x")}});
    const Node& node = index.node(*index.resolve("f"));
    ASSERT_EQ(index.xattrs(node).size(), 1u);
    EXPECT_EQ(index.find_xattr(node, "user.mine"), "last");
    EXPECT_EQ(index.xattrs(index.node(*index.resolve("l", Index::Last::keep))).size(), 0u);
    EXPECT_EQ(index.flags(), kIndexHasXattrs);
    EXPECT_EQ(build({{with_xattr(file("f"), "user.overlay.opaque", "y")}}).flags(), 0u);
}

TEST(IndexBuilder, SharesEqualAttributes) {
    const auto capable = [](const char* path) {
        return with_xattr(file(path), "security.capability", std::string("\1\0\0\2", 4));
    };
    const Index index = build({{capable("a"), capable("b"), file("c")}, {file("a")}});
    EXPECT_EQ(index.node(*index.resolve("a")).xattrs, 0u);
    EXPECT_EQ(index.find_xattr(index.node(*index.resolve("b")), "security.capability"),
              std::string("\1\0\0\2", 4));
    // Attributes of files that are gone leave no trace.
    EXPECT_EQ(build({{capable("a")}, {file("a")}}).flags(), 0u);
    const std::string acl = std::string("\2\0\0\0", 4) + std::string(8, '\0');
    EXPECT_EQ(build({{with_xattr(file("a"), "system.posix_acl_access", acl)}}).flags(),
              kIndexHasXattrs | kIndexHasAcls);
    EXPECT_EQ(build({{with_xattr(file("a"), "system.posix_acl_access", "nonsense")}}).flags(), 0u);
}

TEST(IndexBuilder, RefusesWhatNoFileSystemHolds) {
    EXPECT_THROW(build({{file(std::string(256, 'n'))}}), Error);
    EXPECT_THROW(build({{file("d/" + std::string(256, 'n') + "/f")}}), Error);
    EXPECT_EQ(build({{file(std::string(255, 'n'))}}).size(), 2u);
    EXPECT_THROW(build({{file(std::string(5000, 'x'))}}), Error);
    for (const char* path : {"../x", "a/../x", "/x", "a//x", "a/", ".", "a/./x"})
        EXPECT_THROW(build({{file(path)}}), Error) << path;
    EXPECT_THROW(build({{file(std::string("a\0b", 3))}}), Error);
    EXPECT_THROW(build({{symlink("l", "")}}), Error);
    EXPECT_THROW(build({{symlink("l", std::string(4096, 'x'))}}), Error);
    EXPECT_THROW(build({{symlink("l", std::string("a\0b", 3))}}), Error);
    // Targets of links can lead to names that are too long only when something is made there.
    EXPECT_THROW(build({{symlink("l", std::string(300, 'x')), file("l/f")}}), Error);
    EXPECT_THROW(build({{LayerEntry{.path = "d", .type = EntryType::char_device, .dev_major = 5000}}}),
                 Error);
    EXPECT_THROW(build({{with_xattr(file("f"), "user." + std::string(300, 'x'), "")}}), Error);
    EXPECT_THROW(build({{with_xattr(file("f"), "user.x", std::string(70000, 'x'))}}), Error);
    LayerEntry late = file("f");
    late.mtime_ns = 1'000'000'000;
    EXPECT_THROW(build({{late}}), Error);
}

TEST(IndexBuilder, RefusesContentOutsideTheLayer) {
    const auto with_extents = [](uint64_t size, std::vector<Extent> extents) {
        LayerEntry e = file("f", 0);
        e.size = size;
        e.extents = std::move(extents);
        return Layer{e};
    };
    EXPECT_THROW(build({with_extents(10, {{0, (1 << 20) - 5, 10}})}), Error);
    EXPECT_THROW(build({with_extents(10, {{0, UINT64_MAX - 5, 10}})}), Error);
    EXPECT_THROW(build({with_extents(10, {{0, 0, 11}})}), Error);
    EXPECT_THROW(build({with_extents(10, {{5, 0, 5}, {0, 0, 5}})}), Error);
    EXPECT_THROW(build({with_extents(10, {{0, 0, 5}, {4, 0, 5}})}), Error);
    EXPECT_THROW(build({with_extents(UINT64_MAX, {})}), Error);
    EXPECT_EQ(build({with_extents(10, {{0, 0, 5}, {5, 100, 5}})}).size(), 2u);
}

TEST(IndexBuilder, TakesManyLayersAndDeepTrees) {
    std::vector<Layer> layers;
    for (int i = 0; i < 300; ++i)
        layers.push_back({file("f" + std::to_string(i)), file(".wh.f" + std::to_string(i - 2))});
    EXPECT_EQ(build(layers).size(), 3u);
    std::string path = "d";
    while (path.size() < 4000) path += "/d";
    const Index deep = build({{dir(path)}});
    EXPECT_EQ(deep.size(), 2002u);
    EXPECT_TRUE(deep.resolve(path));
}

}  // namespace
}  // namespace rpod::overlay
