// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/tar_writer.hh"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.hh"
#include "image/tar_reader.hh"
#include "image/tree_archive.hh"
#include "sys/file.hh"
#include "sys/process.hh"

namespace rpod::image {
namespace {

namespace fs = std::filesystem;
using overlay::EntryType;
using overlay::LayerEntry;

std::string archive_of(const LayerEntry& entry, std::string_view content = {}) {
    std::string out;
    TarWriter writer([&](std::string_view bytes) { out += bytes; });
    MemorySource source(content);
    writer.add(entry, &source);
    writer.finish();
    EXPECT_EQ(out.size() % kTarBlock, 0u);
    return out;
}

LayerEntry read_back(const std::string& archive) {
    MemorySource source(archive);
    auto scan = scan_tar(source);
    EXPECT_EQ(scan.entries.size(), 1u);
    return scan.entries.at(0);
}

void expect_equal(const LayerEntry& is, const LayerEntry& expected) {
    EXPECT_EQ(is.path, expected.path);
    EXPECT_EQ(is.type, expected.type);
    EXPECT_EQ(is.mode, expected.mode);
    EXPECT_EQ(is.uid, expected.uid);
    EXPECT_EQ(is.gid, expected.gid);
    EXPECT_EQ(is.mtime_s, expected.mtime_s);
    EXPECT_EQ(is.mtime_ns, expected.mtime_ns);
    EXPECT_EQ(is.size, expected.size);
    EXPECT_EQ(is.target, expected.target);
    EXPECT_EQ(is.dev_major, expected.dev_major);
    EXPECT_EQ(is.dev_minor, expected.dev_minor);
    EXPECT_EQ(is.xattrs, expected.xattrs);
}

LayerEntry entry(const std::string& path, EntryType type) {
    LayerEntry e;
    e.path = path;
    e.type = type;
    e.mode = 0640;
    e.mtime_s = 1700000000;
    return e;
}

void expect_round_trip(const LayerEntry& e, std::string_view content = {}) {
    SCOPED_TRACE(e.path);
    expect_equal(read_back(archive_of(e, content)), e);
}

TEST(TarWriter, CopiedContentComesBehindWhatIsBufferedAndIsPadded) {
    auto first = entry("first", EntryType::regular);
    first.size = 3;
    auto second = entry("second", EntryType::regular);
    second.size = 5;
    std::string written;
    std::string copied;
    TarWriter expected([&](std::string_view bytes) { written += bytes; });
    TarWriter writer([&](std::string_view bytes) { copied += bytes; });
    MemorySource one("one");
    MemorySource other("other");
    expected.add(first, &one);
    expected.add(second, &other);
    expected.finish();
    writer.add_copied(first, [&] { copied += "one"; });
    writer.add_copied(second, [&] { copied += "other"; });
    writer.finish();
    EXPECT_EQ(copied, written);
}

TEST(TarWriter, EveryTypeReadsBack) {
    expect_round_trip(entry("dir", EntryType::directory));
    expect_round_trip(entry("fifo", EntryType::fifo));
    for (const auto type : {EntryType::symlink, EntryType::hardlink}) {
        auto e = entry("link", type);
        e.target = "some/where";
        expect_round_trip(e);
    }
    for (const auto type : {EntryType::char_device, EntryType::block_device}) {
        auto e = entry("device", type);
        e.dev_major = 259;
        e.dev_minor = 1048575;
        expect_round_trip(e);
    }
    auto file = entry("file", EntryType::regular);
    file.mode = 06755;
    file.size = 1000;
    expect_round_trip(file, std::string(1000, 'x'));
}

TEST(TarWriter, WhatUstarCannotHoldReadsBack) {
    for (const size_t length : {99u, 100u, 101u, 255u}) {
        expect_round_trip(entry(std::string(length, 'n'), EntryType::regular));
        expect_round_trip(entry(std::string(length, 'd'), EntryType::directory));
        auto link = entry("link", EntryType::symlink);
        link.target = std::string(length, 't');
        expect_round_trip(link);
    }
    auto e = entry("large", EntryType::regular);
    e.uid = 4294967294;
    e.gid = 2097152;
    e.mtime_s = 1LL << 33;
    e.xattrs = {{"security.capability", std::string("\1\0\0\2\n=", 6)}, {"user.empty", ""}};
    expect_round_trip(e);
    auto device = entry("device", EntryType::block_device);
    device.dev_major = 1 << 22;
    expect_round_trip(device);
}

TEST(TarWriter, TimesBefore1970AndFractionsReadBack) {
    for (const int64_t s : {-3, -2, -1, 0, 1}) {
        for (const uint32_t ns : {0u, 1u, 250'000'000u, 999'999'999u}) {
            auto e = entry("t" + std::to_string(s) + "." + std::to_string(ns), EntryType::regular);
            e.mtime_s = s;
            e.mtime_ns = ns;
            expect_round_trip(e);
        }
    }
}

/// The length of a record counts its own digits: every length around 100 and 1000.
TEST(TarWriter, PaxRecordsOfEveryLengthReadBack) {
    for (size_t length = 0; length < 1100; ++length) {
        auto e = entry("f", EntryType::regular);
        e.xattrs = {{"user.a", std::string(length, 'v')}};
        ASSERT_EQ(read_back(archive_of(e)).xattrs, e.xattrs) << length;
    }
}

TEST(TarWriter, AFileThatShrankIsFilledWithZeros) {
    auto e = entry("f", EntryType::regular);
    e.size = 700;
    const auto archive = archive_of(e, "short");
    EXPECT_EQ(archive.substr(kTarBlock, 700), "short" + std::string(695, '\0'));
    expect_equal(read_back(archive), e);
}

/// A tree as another program unpacks it, and archived again: the same bytes.
class TreeArchive : public testing::Test {
  protected:
    TreeArchive() {
        std::string name = testing::TempDir() + "rpod-tree-XXXXXX";
        if (!::mkdtemp(name.data())) throw SysError(errno, "make a directory");
        top_ = name;
        fs::create_directories(top_ / "in/d/sub");
        fs::create_directories(top_ / "out");
        sys::replace_file(top_ / "in/d/file", std::string(70'000, 'f'), 0640);
        sys::replace_file(top_ / "in/d/sub" / std::string(150, 'n'), "long", 0600);
        fs::create_hard_link(top_ / "in/d/file", top_ / "in/hard");
        fs::create_symlink(std::string(200, 't'), top_ / "in/link");
        fs::create_symlink("/etc", top_ / "in/outside");
        if (::mkfifo((top_ / "in/fifo").c_str(), 0600) != 0) throw SysError(errno, "make a fifo");
    }
    ~TreeArchive() override { fs::remove_all(top_); }

    static std::string archive(const fs::path& directory) {
        std::string out;
        TarWriter writer([&](std::string_view bytes) { out += bytes; });
        archive_tree(sys::RootedDir::open(directory), writer);
        writer.finish();
        return out;
    }

    fs::path top_;
};

class UnpackedTree : public TreeArchive, public testing::WithParamInterface<const char*> {};

TEST_P(UnpackedTree, IsTheSame) {
    const auto program = sys::find_program(GetParam());
    if (program.empty()) GTEST_SKIP() << "no " << GetParam();
    const auto first = archive(top_ / "in");
    sys::replace_file(top_ / "a.tar", first);
    const auto done = sys::finish_program(
        sys::start_program({program, "-xpf", (top_ / "a.tar").native(), "-C", (top_ / "out").native()}));
    ASSERT_TRUE(done.status.ok()) << done.stderr_text;
    EXPECT_EQ(done.stderr_text, "");
    EXPECT_EQ(archive(top_ / "out"), first);
}

INSTANTIATE_TEST_SUITE_P(Programs, UnpackedTree, testing::Values("tar", "bsdtar"));

TEST_F(TreeArchive, FollowsNoLink) {
    const auto bytes = archive(top_ / "in");
    MemorySource archived(bytes);
    std::vector<std::string> paths;
    for (const auto& e : scan_tar(archived).entries) paths.push_back(e.path);
    EXPECT_EQ(paths, (std::vector<std::string>{"d", "d/file", "d/sub", "d/sub/" + std::string(150, 'n'),
                                               "fifo", "hard", "link", "outside"}));
}

}  // namespace
}  // namespace rpod::image
