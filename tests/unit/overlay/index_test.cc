// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/index.hh"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "index_fixture.hh"
#include "overlay/index_check.hh"

namespace rpod::overlay {
namespace {

using namespace test;

/// Some of everything.
std::string sample() {
    LayerEntry sparse = file("sparse", 0);
    sparse.size = 100000;
    sparse.extents = {{0, 512, 100}, {5000, 1024, 4096}};
    return build_bytes(
        {{dir("etc"), file("etc/passwd", 900), file("etc/group", 300), symlink("bin", "usr/bin"), sparse,
          with_xattr(file("usr/bin/ping", 4000), "security.capability", "12345678"), dir("var/empty"),
          hardlink("usr/bin/ping6", "usr/bin/ping"),
          LayerEntry{.path = "dev/null", .type = EntryType::char_device, .dev_major = 1, .dev_minor = 3}},
         {file("etc/.wh.group"), file("etc/hosts", 0)}});
}

/// Visits all that a reader can reach; what passed the check must not crash, nor end never.
size_t walk(const Index& index) {
    size_t sum = 0;
    for (const auto& [path, ino] : all_paths(index)) {
        const Node& node = index.node(ino);
        sum += path.size() + index.target(node).size();
        for (const IndexExtent& e : index.extents(node)) sum += e.length & 1;
        for (const XattrRecord& x : index.xattrs(node))
            sum += index.xattr(x).name.size() + index.xattr(x).value.size();
        EXPECT_EQ(index.resolve(path, Index::Last::keep).err(), 0) << path;
    }
    return sum;
}

TEST(Index, FindsNames) {
    const Index index = Index::open(memory_file(sample()).get());
    const Ino etc = *index.lookup(kRootIno, "etc");
    EXPECT_TRUE(index.lookup(etc, "passwd"));
    EXPECT_TRUE(index.lookup(etc, "hosts"));
    for (const char* absent : {"group", "", "passw", "passwd0", "zzz", "a"})
        EXPECT_FALSE(index.lookup(etc, absent)) << absent;
    EXPECT_FALSE(index.lookup(*index.lookup(etc, "passwd"), "x"));
    EXPECT_EQ(Index::parent(index.node(etc)), kRootIno);
    EXPECT_FALSE(index.contains(0));
    EXPECT_FALSE(index.contains(index.size() + 1));
}

TEST(Index, ResolvesInsideTheImage) {
    const Index index = build(
        {{file("a/b/f"), symlink("up", "../../.."), symlink("abs", "/a/b"), symlink("a/rel", "../a/b/f"),
          symlink("loop", "loop"), symlink("dangling", "nowhere/x"), symlink("chain", "abs/../rel")}});
    const Ino f = *index.resolve("a/b/f");
    for (const char* path : {"/a/b/f", "a//b/./f", "../../a/b/f", "abs/f", "/abs/f", "a/rel", "up/a/b/f",
                             "chain", "abs/../b/f"}) {
        const auto found = index.resolve(path);
        EXPECT_TRUE(found && *found == f) << path;
    }
    EXPECT_EQ(*index.resolve("/"), kRootIno);
    EXPECT_EQ(*index.resolve("up"), kRootIno);
    EXPECT_EQ(index.resolve("loop").err(), ELOOP);
    EXPECT_EQ(index.resolve("loop/x").err(), ELOOP);
    EXPECT_EQ(index.resolve("dangling").err(), ENOENT);
    EXPECT_EQ(index.resolve("a/b/f/x").err(), ENOTDIR);
    EXPECT_EQ(index.resolve("a/b/f/").err(), ENOTDIR);
    EXPECT_EQ(index.resolve("a/b/f/..").err(), ENOTDIR);
    EXPECT_EQ(index.resolve("a/zzz").err(), ENOENT);
    EXPECT_TRUE(S_ISLNK(index.node(*index.resolve("loop", Index::Last::keep)).mode));
    EXPECT_EQ(*index.resolve("abs/", Index::Last::keep), *index.resolve("a/b"));
}

TEST(Index, ReadsThroughExtents) {
    const Index index = Index::open(memory_file(sample()).get());
    std::string blob(1 << 20, '\0');
    for (size_t i = 0; i < blob.size(); ++i) blob[i] = static_cast<char>(i % 251 + 1);
    const sys::Fd fd = memory_file(blob);
    const Node& sparse = index.node(*index.resolve("sparse"));
    std::string got(100000, 'x');
    EXPECT_EQ(*read_content(index, sparse, fd.get(), 0, got), got.size());
    EXPECT_EQ(got.substr(0, 100), blob.substr(512, 100));
    EXPECT_EQ(got.substr(100, 4900), std::string(4900, '\0'));
    EXPECT_EQ(got.substr(5000, 4096), blob.substr(1024, 4096));
    EXPECT_EQ(got.substr(9096), std::string(100000 - 9096, '\0'));
    std::string part(50, 'x');
    EXPECT_EQ(*read_content(index, sparse, fd.get(), 99980, part), 20u);
    EXPECT_EQ(*read_content(index, sparse, fd.get(), 100000, part), 0u);
    EXPECT_EQ(*read_content(index, sparse, fd.get(), UINT64_MAX, part), 0u);
    const sys::Fd torn = memory_file("short");
    EXPECT_EQ(read_content(index, sparse, torn.get(), 0, part).err(), EIO);
    EXPECT_EQ(read_content(index, index.node(kRootIno), fd.get(), 0, part).err(), EINVAL);
}

TEST(Index, RefusesWhatIsNoIndex) {
    for (const std::string& bytes :
         {std::string(), std::string("x"), std::string(144, '\0'), std::string(100000, 'x')}) {
        EXPECT_THROW(Index::open(memory_file(bytes).get()), Error);
    }
    std::string other_version = sample();
    other_version[offsetof(IndexHeader, version)] = 9;
    EXPECT_THROW(Index::open(memory_file(other_version).get()), Error);
}

TEST(Index, NoticesAnyDamage) {
    const std::string good = sample();
    std::mt19937 random(1);
    for (int i = 0; i < 2000; ++i) {
        std::string bad = good;
        bad[random() % bad.size()] ^= static_cast<char>(1 + random() % 255);
        EXPECT_THROW(Index::open(memory_file(bad).get()), Error);
    }
    for (size_t size = 0; size < good.size(); size += 7) {
        EXPECT_THROW(Index::open(memory_file(good.substr(0, size)).get()), Error);
    }
    EXPECT_THROW(Index::open(memory_file(good + "x").get()), Error);
}

/// Puts the right checksum on a file that somebody changed.
std::string resealed(std::string file) {
    constexpr size_t kFrom = offsetof(IndexHeader, version);
    const uint64_t sum = index_checksum(file.data() + kFrom, file.size() - kFrom);
    std::memcpy(&file[offsetof(IndexHeader, checksum)], &sum, sizeof sum);
    return file;
}

TEST(Index, SurvivesMalice) {
    const std::string good = sample();
    EXPECT_EQ(resealed(good), good);
    std::mt19937 random(2);
    int passed = 0;
    for (int i = 0; i < 20000; ++i) {
        std::string bad = good;
        for (unsigned n = 1 + random() % 3; n > 0; --n) {
            // Whole words, and values near limits: they get further than single bits.
            const size_t at = sizeof(uint32_t) * (random() % (bad.size() / sizeof(uint32_t)));
            constexpr uint32_t kValues[] = {0, 1, 2, 7, 0x7fffffff, 0xfffffffe, 0xffffffff, 0x41ed, 0x81a4};
            const uint32_t value = random() % 4 ? kValues[random() % std::size(kValues)]
                                                : static_cast<uint32_t>(random() % 4096);
            std::memcpy(&bad[at], &value, sizeof value);
        }
        try {
            const Index index = Index::open(memory_file(resealed(bad)).get());
            walk(index);
            ++passed;
        } catch (const Error&) {
        }
    }
    // Times, owners, sizes of small files: not all changes are wrong.
    EXPECT_GT(passed, 100);
    EXPECT_LT(passed, 15000);
}

TEST(Index, RefusesCycles) {
    // "a" and "a/b": make "a/b" lead to "a".
    const std::string good = build_bytes({{dir("a/b")}});
    const auto& header = *reinterpret_cast<const IndexHeader*>(good.data());
    std::string bad = good;
    auto* entries = reinterpret_cast<DirEntry*>(bad.data() + header.entries.offset);
    ASSERT_EQ(entries[1].node, 2u);
    entries[1].node = 1;
    EXPECT_THROW(Index::open(memory_file(resealed(bad)).get()), Error);
    entries[1].node = 0;
    EXPECT_THROW(Index::open(memory_file(resealed(bad)).get()), Error);
}

}  // namespace
}  // namespace rpod::overlay
