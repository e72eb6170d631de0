// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// Archives as the programs of this machine write them, compared with the tree that they were made of.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <filesystem>
#include <map>

#include "base/error.hh"
#include "image/layer.hh"
#include "image/tar_reader.hh"
#include "sys/file.hh"
#include "sys/process.hh"

namespace rpod::image {
namespace {

namespace fs = std::filesystem;
using overlay::EntryType;
using overlay::LayerEntry;

constexpr timespec kTime{.tv_sec = 1'600'000'000, .tv_nsec = 123'456'789};

/// A tree with one of everything that an unprivileged user can make.
class TarPrograms : public testing::Test {
  protected:
    TarPrograms() {
        std::string name = testing::TempDir() + "rpod-tar-XXXXXX";
        if (!::mkdtemp(name.data())) throw SysError(errno, "make a directory");
        top_ = name;
        root_ = top_ / "root";
        fs::create_directory(root_);
    }
    ~TarPrograms() override { fs::remove_all(top_); }

    void write(const fs::path& name, const std::string& content, mode_t mode = 0644) {
        sys::replace_file(root_ / name, content, 0600);
        ::chmod((root_ / name).c_str(), mode);
    }

    void make_tree(bool long_names) {
        fs::create_directories(root_ / "d/sub");
        ::chmod((root_ / "d").c_str(), 01777);
        write("empty", "");
        write("set-id", "x", 06755);
        write("d/sub/file", std::string(100'000, 'f'));
        write("block", std::string(512, 'b'));
        write("d/\xc3\xbc \n\x01\xff", "odd name");
        fs::create_symlink("../../absent", root_ / "d/link");
        fs::create_hard_link(root_ / "d/sub/file", root_ / "hard");
        if (::mkfifo((root_ / "fifo").c_str(), 0640) != 0) throw SysError(errno, "make a fifo");
        if (::geteuid() == 0) ::mknod((root_ / "null").c_str(), S_IFCHR | 0666, makedev(1, 3));
        if (long_names) {
            const std::string part(90, 'p');
            fs::create_directories(root_ / part / part);
            write(fs::path(part) / part / std::string(200, 'n'), "long");
            fs::create_symlink(std::string(300, 't'), root_ / part / std::string(101, 'l'));
            fs::create_hard_link(root_ / part / part / std::string(200, 'n'), root_ / "long-hard");
        }
        for (const auto& entry : fs::recursive_directory_iterator(root_)) set_time(entry.path());
        set_time(root_);
    }

    void make_sparse() {
        const sys::Fd fd = sys::open_file(root_ / "sparse", O_RDWR | O_CREAT | O_EXCL, 0644);
        for (int i = 0; i < 60; ++i) {
            const std::string data(4096, static_cast<char>('a' + i % 26));
            ASSERT_EQ(::pwrite(fd.get(), data.data(), data.size(), (1 << 20) + i * 131072L), 4096);
        }
        ASSERT_EQ(::ftruncate(fd.get(), 20 << 20), 0);
        set_time(root_ / "sparse");
    }

    static void set_time(const fs::path& path) {
        const timespec times[2] = {kTime, kTime};
        ::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW);
    }

    /// Runs "PROGRAM OPTIONS -f ARCHIVE -C ROOT ." and scans the result. Skips the test where it is not
    /// installed.
    overlay::LayerScan archive(const std::string& program, std::vector<std::string> options) {
        const std::string path = sys::find_program(program);
        if (path.empty()) {
            skipped_ = true;
            return {};
        }
        archive_ = top_ / "archive";
        std::vector<std::string> argv = {path};
        argv.insert(argv.end(), options.begin(), options.end());
        argv.insert(argv.end(), {"-cf", archive_, "-C", root_, "."});
        const auto result = sys::finish_program(sys::start_program(argv));
        EXPECT_TRUE(result.status.ok()) << result.stderr_text;
        return scan_layer_file(sys::open_file(archive_, O_RDONLY).get(), archive_);
    }

    std::string content(const LayerEntry& entry) {
        const sys::Fd fd = sys::open_file(archive_, O_RDONLY);
        std::string out(entry.size, '\0');
        for (const auto& e : entry.extents) {
            EXPECT_EQ(
                ::pread(fd.get(), out.data() + e.file_offset, e.length, static_cast<off_t>(e.blob_offset)),
                static_cast<ssize_t>(e.length));
        }
        return out;
    }

    static EntryType type_of(const struct stat& st) {
        switch (st.st_mode & S_IFMT) {
            case S_IFDIR:
                return EntryType::directory;
            case S_IFLNK:
                return EntryType::symlink;
            case S_IFIFO:
                return EntryType::fifo;
            case S_IFCHR:
                return EntryType::char_device;
            case S_IFBLK:
                return EntryType::block_device;
            default:
                return EntryType::regular;
        }
    }

    void expect_same(const overlay::LayerScan& scan, bool nanoseconds) {
        size_t files = 1;
        for ([[maybe_unused]] const auto& entry : fs::recursive_directory_iterator(root_)) ++files;
        EXPECT_EQ(scan.entries.size(), files);
        for (const auto& entry : scan.entries) {
            SCOPED_TRACE(entry.path);
            const fs::path path = root_ / entry.path;
            struct stat st {};
            ASSERT_EQ(::lstat(path.c_str(), &st), 0);
            if (entry.type == EntryType::hardlink) {
                struct stat target {};
                ASSERT_EQ(::lstat((root_ / entry.target).c_str(), &target), 0);
                EXPECT_EQ(target.st_ino, st.st_ino);
                continue;
            }
            EXPECT_EQ(entry.type, type_of(st));
            EXPECT_EQ(entry.uid, st.st_uid);
            EXPECT_EQ(entry.gid, st.st_gid);
            EXPECT_EQ(entry.mtime_s, kTime.tv_sec);
            EXPECT_EQ(entry.mtime_ns, nanoseconds ? kTime.tv_nsec : 0);
            if (entry.type == EntryType::symlink) {
                EXPECT_EQ(entry.target, fs::read_symlink(path).native());
                continue;
            }
            EXPECT_EQ(entry.mode, st.st_mode & 07777);
            if (entry.type == EntryType::char_device) {
                EXPECT_EQ(makedev(entry.dev_major, entry.dev_minor), st.st_rdev);
            }
            if (entry.type != EntryType::regular) continue;
            EXPECT_EQ(entry.size, static_cast<uint64_t>(st.st_size));
            EXPECT_TRUE(content(entry) == sys::read_file(path, 32 << 20));
        }
    }

    const LayerEntry& find(const overlay::LayerScan& scan, const std::string& path) {
        for (const auto& entry : scan.entries) {
            if (entry.path == path) return entry;
        }
        throw Error("no member '{}'", path);
    }

    fs::path top_;
    fs::path root_;
    fs::path archive_;
    bool skipped_ = false;
};

#define SKIP_WITHOUT(program) \
    if (skipped_) GTEST_SKIP() << program " is not installed"

TEST_F(TarPrograms, GnuFormat) {
    make_tree(true);
    expect_same(archive("tar", {"--format=gnu"}), false);
    expect_same(archive("tar", {"--format=oldgnu"}), false);
}

TEST_F(TarPrograms, PaxFormat) {
    make_tree(true);
    expect_same(archive("tar", {"--format=pax"}), true);
    expect_same(archive("tar", {"--format=pax", "--pax-option=globexthdr.name=g,comment=x"}), true);
}

TEST_F(TarPrograms, UstarFormat) {
    make_tree(false);
    expect_same(archive("tar", {"--format=ustar"}), false);
}

TEST_F(TarPrograms, V7Format) {
    make_tree(false);
    // v7 has neither fifos nor devices.
    ::unlink((root_ / "fifo").c_str());
    ::unlink((root_ / "null").c_str());
    set_time(root_);
    expect_same(archive("tar", {"--format=v7"}), false);
}

TEST_F(TarPrograms, SparseFormats) {
    make_sparse();
    set_time(root_);
    const std::vector<std::string> formats[] = {{"--format=gnu"},
                                                {"--format=pax", "--sparse-version=0.0"},
                                                {"--format=pax", "--sparse-version=0.1"},
                                                {"--format=pax", "--sparse-version=1.0"}};
    for (auto options : formats) {
        SCOPED_TRACE(options.back());
        options.emplace_back("--sparse");
        const auto scan = archive("tar", options);
        EXPECT_LT(scan.blob_size, 2u << 20) << "it is an archive of a sparse file";
        EXPECT_GE(find(scan, "sparse").extents.size(), 60u);
        expect_same(scan, options.front() == "--format=pax");
    }
}

TEST_F(TarPrograms, ExtendedAttributes) {
    write("f", "x");
    const std::string value("\0=\n\xff", 4);
    if (::setxattr((root_ / "f").c_str(), "user.some-name", value.data(), value.size(), 0) != 0) {
        GTEST_SKIP() << "the file system of '" << root_.native() << "' has no user xattrs";
    }
    const std::vector<std::pair<std::string, std::string>> expected = {{"user.some-name", value}};
    EXPECT_EQ(find(archive("tar", {"--format=pax", "--xattrs"}), "f").xattrs, expected);
    const auto scan = archive("bsdtar", {"--format=pax", "--xattrs"});
    SKIP_WITHOUT("bsdtar");
    EXPECT_EQ(find(scan, "f").xattrs, expected);
}

TEST_F(TarPrograms, BsdtarFormats) {
    make_tree(true);
    make_sparse();
    set_time(root_);
    const auto scan = archive("bsdtar", {"--format=pax"});
    SKIP_WITHOUT("bsdtar");
    expect_same(scan, true);
    expect_same(archive("bsdtar", {"--format=gnutar"}), false);
}

TEST_F(TarPrograms, BsdtarUstar) {
    make_tree(false);
    const auto scan = archive("bsdtar", {"--format=ustar"});
    SKIP_WITHOUT("bsdtar");
    expect_same(scan, false);
}

}  // namespace
}  // namespace rpod::image
