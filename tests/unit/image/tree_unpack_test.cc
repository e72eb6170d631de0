// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/tree_unpack.hh"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.hh"
#include "image/tar_writer.hh"
#include "sys/file.hh"

namespace rpod::image {
namespace {

namespace fs = std::filesystem;
using overlay::EntryType;
using overlay::LayerEntry;

/// A directory "in" to unpack into, and one beside it that nothing may get to.
class TreeUnpack : public testing::Test {
  protected:
    TreeUnpack() : top_(fs::temp_directory_path() / ("rpod-unpack-" + sys::random_name())) {
        fs::create_directories(top_ / "in");
        fs::create_directories(top_ / "outside");
        sys::replace_file(top_ / "outside/file", "untouched");
    }
    ~TreeUnpack() override {
        EXPECT_EQ(sys::read_file(top_ / "outside/file"), "untouched");
        EXPECT_EQ(std::distance(fs::directory_iterator(top_ / "outside"), {}), 1);
        fs::remove_all(top_);
    }

    static LayerEntry make(std::string path, EntryType type, uint32_t mode = 0755, std::string target = "") {
        LayerEntry e;
        e.path = std::move(path);
        e.type = type;
        e.mode = mode;
        e.mtime_s = 1000;
        e.target = std::move(target);
        return e;
    }
    static LayerEntry file(std::string path, uint32_t mode = 0644) {
        auto e = make(std::move(path), EntryType::regular, mode);
        e.size = 4;
        return e;
    }

    void unpack(const std::vector<LayerEntry>& entries, UnpackOptions options = {}) {
        options.ownership = UnpackOptions::Ownership::caller;
        const auto root = sys::RootedDir::open(top_ / "in");
        TreeUnpacker unpacker(root, options);
        for (const auto& entry : entries) {
            MemorySource content("text");
            unpacker.add(entry, content);
        }
        unpacker.finish();
    }

    struct stat status(const std::string& path) {
        struct stat st {};
        EXPECT_EQ(::lstat((top_ / "in" / path).c_str(), &st), 0) << path;
        return st;
    }

    fs::path top_;
};

TEST_F(TreeUnpack, MakesAllTypes) {
    unpack({make("d", EntryType::directory, 0750), file("d/f", 0640), make("l", EntryType::symlink, 0, "d/f"),
            make("h", EntryType::hardlink, 0, "d/f"), make("p", EntryType::fifo, 0600)});
    EXPECT_EQ(status("d").st_mode, S_IFDIR | 0750);
    EXPECT_EQ(status("d").st_mtim.tv_sec, 1000);
    EXPECT_EQ(status("d/f").st_mode, S_IFREG | 0640);
    EXPECT_EQ(status("d/f").st_mtim.tv_sec, 1000);
    EXPECT_EQ(status("h").st_ino, status("d/f").st_ino);
    EXPECT_TRUE(S_ISLNK(status("l").st_mode));
    EXPECT_TRUE(S_ISFIFO(status("p").st_mode));
    EXPECT_EQ(sys::read_file(top_ / "in/h"), "text");
}

TEST_F(TreeUnpack, WhatIsInAClosedDirectoryComesFirst) {
    unpack({make("d", EntryType::directory, 0500), make("d/e", EntryType::directory, 0), file("d/e/f"),
            make("d", EntryType::directory, 0510)});
    EXPECT_EQ(status("d").st_mode & 07777, 0510u);
    EXPECT_EQ(status("d/e").st_mode & 07777, 0u);
    ::chmod((top_ / "in/d").c_str(), 0700);
    ::chmod((top_ / "in/d/e").c_str(), 0700);
}

TEST_F(TreeUnpack, MissingParentsAreMade) {
    unpack({file("a/b/c")});
    EXPECT_EQ(sys::read_file(top_ / "in/a/b/c"), "text");
}

TEST_F(TreeUnpack, SetIdBitsAreNotForTheCaller) {
    unpack({file("f", 06755), make("d", EntryType::directory, 02755)});
    EXPECT_EQ(status("f").st_mode & 07777, 0755u);
    EXPECT_EQ(status("d").st_mode & 07777, 0755u);
}

TEST_F(TreeUnpack, LinksLeadToPlacesInside) {
    fs::create_directories(top_ / "in/place");
    unpack({make("in", EntryType::symlink, 0, "/place"), file("in/n"),
            make("up", EntryType::symlink, 0, "../../../place"), file("up/m")});
    EXPECT_EQ(sys::read_file(top_ / "in/place/n"), "text");
    EXPECT_EQ(sys::read_file(top_ / "in/place/m"), "text");
    for (const auto& target : {(top_ / "outside").native(), std::string("../outside"), std::string("/")}) {
        try {
            unpack({make("l", EntryType::symlink, 0, target), file("l/file")});
        } catch (const Error&) {
            // It leads nowhere: there is no such place inside.
        }
    }
}

TEST_F(TreeUnpack, TheLastComponentIsReplacedNotFollowed) {
    fs::create_symlink(top_ / "outside/file", top_ / "in/f");
    fs::create_symlink(top_ / "outside", top_ / "in/d");
    unpack({file("f")});
    EXPECT_TRUE(S_ISREG(status("f").st_mode));
    EXPECT_THROW(unpack({make("d", EntryType::directory)}), Error);
    unpack({make("d", EntryType::directory)}, {.replace_directories = true});
    EXPECT_TRUE(S_ISDIR(status("d").st_mode));
}

TEST_F(TreeUnpack, ADirectoryThatIsThereByALinkStays) {
    fs::create_directories(top_ / "in/place");
    fs::create_symlink("place", top_ / "in/d");
    unpack({make("d", EntryType::directory), file("d/f")});
    EXPECT_TRUE(S_ISLNK(status("d").st_mode));
    EXPECT_EQ(sys::read_file(top_ / "in/place/f"), "text");
}

TEST_F(TreeUnpack, HardLinksToWhatIsOutsideAreRefused) {
    fs::create_symlink(top_ / "outside", top_ / "in/o");
    EXPECT_THROW(unpack({make("h", EntryType::hardlink, 0, "o/file")}), Error);
    EXPECT_THROW(unpack({make("h", EntryType::hardlink, 0, "nothing")}), Error);
}

TEST_F(TreeUnpack, AHardLinkToItselfIsLeftAlone) {
    unpack({file("f"), make("f", EntryType::hardlink, 0, "f")});
    EXPECT_EQ(sys::read_file(top_ / "in/f"), "text");
}

TEST_F(TreeUnpack, DirectoriesAreOnlyReplacedOnRequest) {
    fs::create_directories(top_ / "in/d/e");
    EXPECT_THROW(unpack({file("d")}), Error);
    unpack({file("d")}, {.replace_directories = true});
    EXPECT_TRUE(S_ISREG(status("d").st_mode));
    EXPECT_THROW(unpack({make("d", EntryType::directory)}), Error);
}

TEST_F(TreeUnpack, TheRootOfAnArchiveOnlyCountsOnRequest) {
    std::string archive;
    TarWriter writer([&](std::string_view bytes) { archive += bytes; });
    writer.add(make("", EntryType::directory, 0710));
    writer.finish();
    const auto root = sys::RootedDir::open(top_ / "in");
    const auto before = status(".").st_mode;
    for (const bool with_root : {false, true}) {
        MemorySource source(archive);
        unpack_archive(source, root, "",
                       {.ownership = UnpackOptions::Ownership::caller, .with_root = with_root});
        EXPECT_EQ(status(".").st_mode, with_root ? S_IFDIR | 0710 : before);
    }
}

}  // namespace
}  // namespace rpod::image
