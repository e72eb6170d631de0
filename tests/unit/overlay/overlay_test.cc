// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/overlay.hh"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "base/error.hh"
#include "overlay/disk_format.hh"
#include "overlay/mount_options.hh"
#include "sys/file.hh"

/// The writable overlay on plain directories, without FUSE and without a namespace. What programs see of it
/// is tested mounted (tests/integration/070-fuse-overlayfs.bats); here is what only the driver itself knows.
namespace rpod::overlay {
namespace {

namespace fs = std::filesystem;

class OverlayTest : public ::testing::Test {
  protected:
    OverlayTest() {
        ::umask(0);
        top_ = fs::temp_directory_path() / ("rpod-overlay-" + sys::random_name());
        for (const char* dir : {"upper", "work", "lower0", "lower1"}) fs::create_directories(top_ / dir);
    }
    ~OverlayTest() override {
        overlay_.reset();
        fs::permissions(top_ / "work/work", fs::perms::owner_all);
        const auto parent = sys::open_file(top_.parent_path(), O_PATH);
        sys::remove_tree_at(parent.get(), top_.filename());
    }

    void write(const std::string& path, std::string_view text) {
        fs::create_directories((top_ / path).parent_path());
        sys::replace_file(top_ / path, text, 0644);
    }
    std::string content(const std::string& path) { return sys::read_file(top_ / path); }
    struct stat on_disk(const std::string& path) {
        struct stat st {};
        EXPECT_EQ(::lstat((top_ / path).c_str(), &st), 0) << path;
        return st;
    }

    Overlay& overlay(size_t max_descriptors = 512) {
        if (!overlay_) {
            OverlayOptions options;
            for (const char* lower : {"lower0", "lower1"})
                options.lowers.push_back(sys::open_file(top_ / lower, O_PATH | O_DIRECTORY));
            options.upper = sys::open_file(top_ / "upper", O_PATH | O_DIRECTORY);
            options.work = WorkDir::open(sys::open_file(top_ / "work", O_PATH | O_DIRECTORY).get());
            options.sync = false;
            options.max_descriptors = max_descriptors;
            overlay_ = std::make_unique<Overlay>(std::move(options));
        }
        return *overlay_;
    }
    /// The node of a path, as the kernel would look it up.
    Result<Entry> find(const std::string& path) {
        Result<Entry> entry = Entry{InodeTable::kRootId, {}};
        for (const auto& name : fs::path(path)) {
            if (!entry) break;
            entry = overlay().lookup(entry->id, name.c_str());
        }
        return entry;
    }
    std::set<std::string> list(const std::string& path) {
        OpenDir* dir = *overlay().opendir(path.empty() ? InodeTable::kRootId : find(path)->id);
        EXPECT_EQ(overlay().refresh(*dir), 0);
        std::set<std::string> names;
        for (const OpenDir::Listed& entry : dir->list) EXPECT_TRUE(names.insert(dir->name(entry)).second);
        overlay().releasedir(dir);
        return names;
    }

    static constexpr uint64_t kRoot = InodeTable::kRootId;
    const Caller me_{::geteuid(), ::getegid(), 022};
    fs::path top_;
    std::unique_ptr<Overlay> overlay_;
};

TEST_F(OverlayTest, MergesDirectoriesFromTheTop) {
    write("lower0/d/a", "0");
    write("lower1/d/a", "1");
    write("lower1/d/b", "1");
    write("lower0/file/x", "");
    write("lower1/file", "hidden by a directory");
    EXPECT_EQ(list("d"), (std::set<std::string>{"a", "b"}));
    EXPECT_EQ(list("file"), (std::set<std::string>{"x"}));
    const auto a = find("d/a");
    ASSERT_TRUE(a);
    EXPECT_EQ(a->st.st_ino, on_disk("lower0/d/a").st_ino);
    EXPECT_EQ(find("d/c").err(), ENOENT);
    EXPECT_EQ(find("d/a/x").err(), ENOTDIR);
}

TEST_F(OverlayTest, KeepsNumbersWhenCopyingUp) {
    write("lower1/d/e/file", "text");
    const auto before = find("d/e/file");
    const auto dir = find("d/e");
    ASSERT_TRUE(before && dir);
    const auto file = overlay().open(before->id, O_RDWR);
    ASSERT_TRUE(file);
    EXPECT_EQ(content("upper/d/e/file"), "text");
    EXPECT_EQ(overlay().getattr(before->id)->st_ino, before->st.st_ino);
    EXPECT_EQ(overlay().getattr(dir->id)->st_ino, dir->st.st_ino);
    overlay().release(*file);
    // Forgotten and found again.
    overlay().forget(before->id, 1);
    overlay().forget(dir->id, 1);
    const auto after = find("d/e/file");
    EXPECT_EQ(after->st.st_ino, before->st.st_ino);
    EXPECT_NE(on_disk("upper/d/e/file").st_ino, before->st.st_ino);
}

TEST_F(OverlayTest, LeavesNothingInTheWorkDirectory) {
    write("lower1/d/file", "text");
    write("lower1/tree/x", "text");
    ASSERT_TRUE(overlay().setattr(find("d/file")->id, {.st_mode = 0600}, Overlay::kMode, nullptr));
    EXPECT_EQ(overlay().unlink(find("tree")->id, "x"), 0);
    EXPECT_EQ(overlay().rmdir(kRoot, "tree"), 0);
    ASSERT_TRUE(overlay().make(kRoot, "tree", {.mode = S_IFDIR | 0755}, me_));
    EXPECT_EQ(list("tree"), std::set<std::string>{});
    // But the whiteout that is linked.
    EXPECT_EQ(std::distance(fs::directory_iterator(top_ / "work/work"), {}), 1);
}

TEST_F(OverlayTest, WritesTheKernelsFormat) {
    write("lower1/gone", "");
    write("lower1/dir/x", "");
    EXPECT_EQ(overlay().unlink(kRoot, "gone"), 0);
    EXPECT_TRUE(is_whiteout(on_disk("upper/gone")));
    EXPECT_EQ(overlay().unlink(find("dir")->id, "x"), 0);
    EXPECT_EQ(overlay().rmdir(kRoot, "dir"), 0);
    EXPECT_TRUE(is_whiteout(on_disk("upper/dir")));
    ASSERT_TRUE(overlay().make(kRoot, "dir", {.mode = S_IFDIR | 0755}, me_));
    char value = 0;
    EXPECT_EQ(::getxattr((top_ / "upper/dir").c_str(), "user.overlay.opaque", &value, 1), 1);
    EXPECT_EQ(value, 'y');
    EXPECT_EQ(overlay().getxattr(find("dir")->id, "user.overlay.opaque").err(), ENODATA);
    EXPECT_EQ(*overlay().listxattr(find("dir")->id), "");
    EXPECT_EQ(overlay().setxattr(find("dir")->id, "user.overlay.opaque", "y", 0), EOPNOTSUPP);
}

TEST_F(OverlayTest, ReadsMarksOfOtherDrivers) {
    write("lower1/d/hidden", "");
    write("lower0/d/.wh..wh..opq", "");
    write("lower0/d/file", "");
    ASSERT_EQ(::setxattr((top_ / "lower0/d").c_str(), "user.fuseoverlayfs.opaque", "y", 1, 0), 0);
    // Whiteouts as attributes.
    ASSERT_EQ(::setxattr((top_ / "lower0").c_str(), kOpaqueXattr, "x", 1, 0), 0);
    write("lower0/white", "");
    ASSERT_EQ(::setxattr((top_ / "lower0/white").c_str(), kWhiteoutXattr, "", 0, 0), 0);
    write("lower1/white", "");
    write("lower0/empty", "");
    // As podman unpacks them for fuse-overlayfs.
    write("lower0/m/.wh.gone", "");
    write("lower0/m/.wh.again", "");
    write("lower0/m/again/new", "");
    write("lower1/m/gone", "");
    write("lower1/m/again/old", "");
    write("lower1/m/stays", "");
    write("lower0/o/.wh..wh..opq", "");
    write("lower1/o/old", "");
    EXPECT_EQ(list("m"), (std::set<std::string>{"again", "stays"}));
    EXPECT_EQ(list("m/again"), (std::set<std::string>{"new"}));
    EXPECT_EQ(list("o"), std::set<std::string>{});
    EXPECT_EQ(find("m/gone").err(), ENOENT);
    EXPECT_EQ(find("m/.wh.gone").err(), ENOENT);
    EXPECT_EQ(overlay().make(find("m")->id, ".wh.x", {.mode = S_IFREG | 0644}, me_).err(), EPERM);
    EXPECT_TRUE(overlay().make(find("m")->id, "gone", {.mode = S_IFREG | 0644}, me_));
    EXPECT_EQ(overlay().unlink(find("m")->id, "gone"), 0);
    EXPECT_EQ(overlay().rmdir(kRoot, "o"), 0);
    EXPECT_EQ(list("d"), (std::set<std::string>{"file"}));
    EXPECT_EQ(list(""), (std::set<std::string>{"d", "empty", "m"}));
    EXPECT_EQ(find("white").err(), ENOENT);
    EXPECT_EQ(find("d/.wh..wh..opq").err(), ENOENT);
}

TEST_F(OverlayTest, ForgetsWhatTheKernelForgets) {
    write("lower1/a/b/c", "");
    (void)overlay();
    EXPECT_EQ(overlay().node_count(), 1U);
    std::vector<uint64_t> ids;
    for (const char* path : {"a", "a/b", "a/b/c"}) ids.push_back(find(path)->id);
    EXPECT_EQ(overlay().node_count(), 4U);
    // find() has looked up what lies on the way, too.
    overlay().forget(ids[0], 3);
    overlay().forget(ids[1], 2);
    EXPECT_EQ(overlay().node_count(), 4U) << "directories that lead to a node stay";
    overlay().forget(ids[2], 1);
    EXPECT_EQ(overlay().node_count(), 1U);
    EXPECT_EQ(overlay().getattr(ids[2]).err(), ESTALE);
}

TEST_F(OverlayTest, FindsDeepDirectoriesAgainWithoutDescriptors) {
    std::string path = "lower1";
    for (int i = 0; i < 200; ++i) path += "/d";
    write(path + "/file", "deep");
    (void)overlay(4);
    uint64_t id = kRoot;
    std::vector<uint64_t> ids;
    for (int i = 0; i < 200; ++i) ids.push_back(id = overlay().lookup(id, "d")->id);
    const auto file = overlay().lookup(id, "file");
    ASSERT_TRUE(file);
    for (const uint64_t it : ids) EXPECT_TRUE(overlay().getattr(it));
    const auto open = overlay().open(file->id, O_RDWR);
    ASSERT_TRUE(open);
    EXPECT_EQ(::pwrite((*open)->fd.get(), "DEEP", 4, 0), 4);
    overlay().release(*open);
    EXPECT_EQ(content("upper" + path.substr(6) + "/file"), "DEEP");
}

TEST_F(OverlayTest, AReplacedFileIsNotTakenForTheOldOne) {
    write("lower1/file", "old");
    const auto file = find("file");
    ASSERT_TRUE(file);
    // By somebody else, who should not: another inode.
    write("lower1/other", "new");
    fs::rename(top_ / "lower1/other", top_ / "lower1/file");
    EXPECT_EQ(overlay().getattr(file->id).err(), ESTALE);
    EXPECT_EQ(overlay().open(file->id, O_RDWR).err(), ESTALE);
}

/// The kernel reads from its own cache and loses that in the middle: it asks for what comes after the names
/// that it has got, some of which are gone by now.
TEST_F(OverlayTest, AnOpenDirectoryGoesOnWhereItWas) {
    for (const char* name : {"c", "a", "b", "d"}) write(std::string("lower0/dir/") + name, "x");
    const auto dir = overlay().lookup(InodeTable::kRootId, "dir");
    ASSERT_TRUE(dir);
    const auto names_of = [&](OpenDir& open) {
        std::string names;
        for (const auto& entry : open.list) names += open.name(entry);
        return names;
    };
    const auto open = overlay().opendir(dir->id);
    ASSERT_TRUE(open);
    ASSERT_EQ(overlay().unlink(dir->id, "a"), 0);
    ASSERT_EQ(overlay().rename(dir->id, "d", dir->id, "e", 0), 0);
    ASSERT_EQ(overlay().go_on(**open), 0);
    EXPECT_EQ(names_of(**open), "abcd");
    ASSERT_EQ(overlay().refresh(**open), 0);
    EXPECT_EQ(names_of(**open), "bce");
    overlay().releasedir(*open);
}

TEST_F(OverlayTest, AWorkDirectoryHasOneOwner) {
    (void)overlay();
    const auto work = sys::open_file(top_ / "work", O_PATH | O_DIRECTORY);
    EXPECT_THROW(WorkDir::open(work.get()), Error);
    overlay_.reset();
    EXPECT_NO_THROW(WorkDir::open(work.get()));
    fs::create_directories(top_ / "work/work/incompat/volatile");
    EXPECT_THROW(WorkDir::open(work.get()), Error);
}

}  // namespace
}  // namespace rpod::overlay
