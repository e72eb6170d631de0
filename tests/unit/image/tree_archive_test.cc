// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/tree_archive.hh"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>

#include "image/tar_reader.hh"
#include "overlay/disk_format.hh"
#include "sys/file.hh"

namespace rpod::image {
namespace {

namespace fs = std::filesystem;
using overlay::EntryType;

class TreeArchiveOptions : public testing::Test {
  protected:
    TreeArchiveOptions() : top_(fs::temp_directory_path() / ("rpod-tree-" + sys::random_name())) {
        fs::create_directories(top_ / "d/e");
        write("d/f", "content");
        write("d/e/g", "");
    }
    ~TreeArchiveOptions() override { fs::remove_all(top_); }

    void write(const std::string& name, const std::string& text) {
        sys::replace_file(top_ / name, text, 0644);
    }

    /// False where this file system knows no user.* attributes.
    bool set_xattr(const std::string& name, const char* key, const std::string& value) {
        return ::lsetxattr((top_ / name).c_str(), key, value.data(), value.size(), 0) == 0;
    }

    overlay::LayerScan scan(const TreeOptions& options) {
        return scan_of([&](TarWriter& out) { archive_tree(sys::RootedDir::open(top_), out, options); });
    }

    template <class Fill>
    static overlay::LayerScan scan_of(const Fill& fill) {
        std::string archive;
        TarWriter writer([&](std::string_view bytes) { archive += bytes; });
        fill(writer);
        writer.finish();
        MemorySource source(archive);
        return scan_tar(source);
    }

    static std::string names(const overlay::LayerScan& scan) {
        std::string out;
        for (const auto& entry : scan.entries) out += "/" + entry.path + " ";
        return out;
    }

    fs::path top_;
};

TEST_F(TreeArchiveOptions, TheRootIsAMemberWhereItHasAName) {
    EXPECT_EQ(names(scan({})), "/d /d/e /d/e/g /d/f ");
    EXPECT_EQ(names(scan({.name = "."})), "/ /d /d/e /d/e/g /d/f ");
    EXPECT_EQ(names(scan({.name = "x"})), "/x /x/d /x/d/e /x/d/e/g /x/d/f ");
}

TEST_F(TreeArchiveOptions, HardLinksLeadToNamesOfTheArchive) {
    fs::create_hard_link(top_ / "d/f", top_ / "second");
    const auto found = scan({.name = "x"});
    EXPECT_EQ(found.entries.back().type, EntryType::hardlink);
    EXPECT_EQ(found.entries.back().target, "x/d/f");
}

TEST_F(TreeArchiveOptions, WithoutContentTheSizesStay) {
    const auto found = scan({.without_content = true});
    EXPECT_EQ(found.entries.at(3).size, 7u);
    EXPECT_TRUE(found.entries.at(3).extents.empty());
    EXPECT_EQ(scan({}).entries.at(3).extents.size(), 1u);
}

TEST_F(TreeArchiveOptions, MountPointsAreLeftOutWhileTheyAreEmpty) {
    EXPECT_EQ(names(scan({.mount_points = {"d/e/g", "d/f", "d/e"}})), "/d /d/e /d/f ");
    fs::remove(top_ / "d/e/g");
    EXPECT_EQ(names(scan({.mount_points = {"d/e"}})), "/d /d/f ");
}

TEST_F(TreeArchiveOptions, NamesThatAreMarksAreLeftOutOfLayers) {
    write("d/.wh.f", "text");
    write("d/.wh..wh..opq", "");
    fs::create_directory(top_ / ".wh.d");
    write(".wh.d/x", "");
    EXPECT_EQ(names(scan({.upper_layer = true})), "/d /d/e /d/e/g /d/f ");
    EXPECT_EQ(names(scan({})), "/.wh.d /.wh.d/x /d /d/.wh..wh..opq /d/.wh.f /d/e /d/e/g /d/f ");
}

TEST_F(TreeArchiveOptions, AttributesOfOverlaysAreNotOfTheTree) {
    if (!set_xattr("d", "user.overlay.opaque", "y") || !set_xattr("d", "user.note", "n"))
        GTEST_SKIP() << "no user.* attributes here";
    const auto found = scan({.upper_layer = true});
    EXPECT_EQ(names(found), "/d /d/.wh..wh..opq /d/e /d/e/g /d/f ");
    ASSERT_EQ(found.entries.at(0).xattrs.size(), 1u);
    EXPECT_EQ(found.entries.at(0).xattrs.at(0).first, "user.note");
}

TEST_F(TreeArchiveOptions, WhiteoutsByAttributeWhereTheRootSaysSo) {
    if (!set_xattr("d/e/g", overlay::kWhiteoutXattr, "y")) GTEST_SKIP() << "no user.* attributes here";
    EXPECT_EQ(names(scan({.upper_layer = true})), "/d /d/e /d/e/g /d/f ");
    set_xattr(".", overlay::kOpaqueXattr, "x");
    EXPECT_EQ(names(scan({.upper_layer = true})), "/d /d/e /d/e/.wh.g /d/f ");
}

TEST_F(TreeArchiveOptions, WhiteoutDevices) {
    if (::mknod((top_ / "d/gone").c_str(), S_IFCHR, 0) < 0) GTEST_SKIP() << "no devices can be made here";
    EXPECT_EQ(names(scan({.upper_layer = true})), "/d /d/e /d/e/g /d/f /d/.wh.gone ");
}

TEST_F(TreeArchiveOptions, APathIsAFileOrADirectory) {
    fs::create_symlink("/d/f", top_ / "link");
    const auto root = sys::RootedDir::open(top_);
    const auto archive = [&](const std::string& path) {
        return scan_of([&](TarWriter& out) { EXPECT_TRUE(archive_path(root, path, out, {.name = "n"})); });
    };
    EXPECT_EQ(names(archive("link")), "/n ");
    EXPECT_EQ(archive("link").entries.at(0).size, 7u);
    EXPECT_EQ(names(archive("/d/../d/e")), "/n /n/g ");
    scan_of([&](TarWriter& out) {
        EXPECT_FALSE(archive_path(root, "nothing", out, {.name = "n"}));
        EXPECT_FALSE(archive_path(root, "d/f/.", out, {.name = "n"}));
    });
}

}  // namespace
}  // namespace rpod::image
