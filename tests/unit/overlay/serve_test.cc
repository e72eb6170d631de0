// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/serve.hh"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

#include <algorithm>

#include "mount_fixture.hh"

namespace rpod::overlay {
namespace {

using namespace test;

class Serve : public ::testing::Test {
  protected:
    void SetUp() override {
        static const std::string reason = why_not();
        if (!reason.empty()) GTEST_SKIP() << reason;
    }
};

struct stat lstat_of(const std::string& path) {
    struct stat st {};
    EXPECT_EQ(::lstat(path.c_str(), &st), 0) << path << ": " << strerror(errno);
    return st;
}

std::string link_text(const std::string& path) {
    char text[PATH_MAX];
    const ssize_t n = ::readlink(path.c_str(), text, sizeof text);
    return n < 0 ? strerror(errno) : std::string(text, static_cast<size_t>(n));
}

/// Names and types as readdir gives them, "." and ".." included.
std::vector<std::string> listing(const std::string& path) {
    std::vector<std::string> names;
    DIR* dir = ::opendir(path.c_str());
    if (!dir) return {strerror(errno)};
    while (const dirent* e = ::readdir(dir))
        names.push_back(std::string(e->d_name) + ":" + std::to_string(e->d_type));
    ::closedir(dir);
    std::sort(names.begin(), names.end());
    return names;
}

TEST_F(Serve, ShowsTheMergedTree) {
    in_namespaces([] {
        LayerEntry owned = file("d/f", 5000);
        owned.mode = 04755;
        owned.mtime_ns = 123456789;
        LayerEntry pipe{.path = "p", .type = EntryType::fifo, .mode = 0600, .mtime_s = -1};
        const Mounted m({{{dir("d"), file("d/gone"), symlink("l", "d/f"), pipe},
                          {owned, file("d/.wh.gone"), hardlink("h", "d/f"), dir("empty", 01777)}}});
        const std::string top = m.path() + "/";
        EXPECT_EQ(listing(top),
                  (std::vector<std::string>{"..:4", ".:4", "d:4", "empty:4", "h:8", "l:10", "p:1"}));
        EXPECT_EQ(listing(top + "d"), (std::vector<std::string>{"..:4", ".:4", "f:8"}));
        EXPECT_EQ(listing(top + "empty").size(), 2u);
        const struct stat f = lstat_of(top + "d/f");
        EXPECT_EQ(f.st_mode, S_IFREG | 04755u);
        EXPECT_EQ(f.st_size, 5000);
        EXPECT_EQ(f.st_nlink, 2u);
        EXPECT_EQ(f.st_mtim.tv_sec, 200);
        EXPECT_EQ(f.st_mtim.tv_nsec, 123456789);
        EXPECT_EQ(f.st_ino, lstat_of(top + "h").st_ino);
        EXPECT_EQ(lstat_of(top + "p").st_mtim.tv_sec, -1);
        EXPECT_TRUE(S_ISFIFO(lstat_of(top + "p").st_mode));
        EXPECT_EQ(lstat_of(top).st_ino, 1u);
        EXPECT_EQ(lstat_of(top).st_nlink, 4u);
        EXPECT_EQ(lstat_of(top + "empty").st_mode, S_IFDIR | 01777u);
        EXPECT_EQ(link_text(top + "l"), "d/f");
        EXPECT_EQ(::access((top + "d/gone").c_str(), F_OK), -1);
        EXPECT_EQ(errno, ENOENT);
        EXPECT_EQ(::open((top + "new").c_str(), O_CREAT | O_WRONLY, 0600), -1);
        EXPECT_EQ(errno, EROFS);
        struct statfs fs {};
        EXPECT_EQ(::statfs(top.c_str(), &fs), 0);
        EXPECT_EQ(fs.f_namelen, 255);
    });
}

TEST_F(Serve, ReadsContent) {
    in_namespaces([] {
        LayerEntry sparse = file("sparse", 0);
        sparse.size = 300000;
        sparse.extents = {{4096, 1024, 1000}, {100000, 4096, 100000}};
        LayerEntry hole = file("hole", 0);
        hole.size = 70000;
        const Mounted m({{{file("one", 300000), sparse, hole, file("empty", 0)}, {file("two", 777)}}});
        const std::string zero = blob_bytes(0);
        EXPECT_EQ(sys::read_file(m.path() + "/one"), zero.substr(512, 300000));
        EXPECT_EQ(sys::read_file(m.path() + "/two"), blob_bytes(1).substr(512, 777));
        EXPECT_EQ(sys::read_file(m.path() + "/empty"), "");
        EXPECT_EQ(sys::read_file(m.path() + "/hole"), std::string(70000, '\0'));
        std::string expected(300000, '\0');
        expected.replace(4096, 1000, zero, 1024, 1000);
        expected.replace(100000, 100000, zero, 4096, 100000);
        EXPECT_EQ(sys::read_file(m.path() + "/sparse"), expected);
        const sys::Fd fd = sys::open_file(m.path() + "/sparse", O_RDONLY);
        char part[100];
        EXPECT_EQ(::pread(fd.get(), part, sizeof part, 5050), 100);
        EXPECT_EQ(std::string(part, 100), expected.substr(5050, 100));
        EXPECT_EQ(::pread(fd.get(), part, sizeof part, 299950), 50);
    });
}

TEST_F(Serve, ListsLargeDirectories) {
    in_namespaces([] {
        Layer layer;
        for (int i = 0; i < 5000; ++i)
            layer.push_back(file("d/a-name-of-some-length-" + std::to_string(i), 0));
        const Mounted m({{layer}});
        EXPECT_EQ(listing(m.path() + "/d").size(), 5002u);
        EXPECT_EQ(listing(m.path() + "/d").size(), 5002u);
        // A second look at one position.
        DIR* d = ::opendir((m.path() + "/d").c_str());
        for (int i = 0; i < 3000; ++i) ::readdir(d);
        const long position = ::telldir(d);
        const std::string name = ::readdir(d)->d_name;
        for (int i = 0; i < 1000; ++i) ::readdir(d);
        ::seekdir(d, position);
        EXPECT_EQ(::readdir(d)->d_name, name);
        ::closedir(d);
    });
}

/// Reads files in their order, which makes the server read ahead, against other readers of the same ones.
TEST_F(Serve, ReadsAheadWhatIsRight) {
    in_namespaces([] {
        Layer layer;
        for (int d = 0; d < 4; ++d) {
            for (int i = 0; i < 300; ++i) {
                LayerEntry e = file(fmt::format("d{}/{:03}", d, i), 0);
                e.size = i % 50 == 7 ? 200000 : (i * 37) % 9000;
                if (e.size > 0) e.extents = {{0, 512u * static_cast<unsigned>(i), e.size}};
                layer.push_back(e);
            }
            if (d > 0) layer.push_back(hardlink(fmt::format("d{}/050a", d), fmt::format("d{}/003", d - 1)));
        }
        const Mounted m({{layer}});
        const std::string blob = blob_bytes(0);
        const auto read_all_files = [&](bool backwards) {
            for (int d = 0; d < 4; ++d) {
                listing(
                    fmt::format("{}/d{}", m.path(), d));  // only what the kernel knows can be stored ahead
                for (int n = 0; n < 300; ++n) {
                    const int i = backwards ? 299 - n : n;
                    const size_t size = i % 50 == 7 ? 200000 : static_cast<size_t>((i * 37) % 9000);
                    const std::string path = fmt::format("{}/d{}/{:03}", m.path(), d, i);
                    if (sys::read_file(path) != blob.substr(512 * static_cast<size_t>(i), size)) return 1;
                }
            }
            return 0;
        };
        std::vector<pid_t> readers;
        for (const bool backwards : {false, true, false, false}) {
            readers.push_back(sys::fork_child("reader", [&] { return read_all_files(backwards); }));
        }
        for (const pid_t reader : readers) EXPECT_EQ(sys::wait_for(reader).shell_code(), 0);
    });
}

/// How many pages of a file are in the page cache.
size_t cached_pages(int fd, size_t size) {
    void* memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) return 0;
    std::vector<unsigned char> resident((size + 4095) / 4096);
    ::mincore(memory, size, resident.data());
    ::munmap(memory, size);
    return static_cast<size_t>(std::count_if(resident.begin(), resident.end(), [](auto r) { return r & 1; }));
}

TEST_F(Serve, ReadsAheadAllOfAProgram) {
    in_namespaces([] {
        constexpr size_t kSize = 900001;
        LayerEntry program = file("program", 0);
        program.size = kSize;
        program.extents = {{0, kProgramAt, kSize}};
        LayerEntry data = program;
        data.path = "data";
        data.extents = {{0, kProgramAt + 512, kSize}};
        const Mounted m({{{program, data}}});
        const auto read_head = [&](const std::string& name) {
            auto fd = sys::open_file(m.path() + "/" + name, O_RDONLY);
            ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_RANDOM);  // without the kernel's own readahead
            char head[64];
            EXPECT_EQ(::pread(fd.get(), head, sizeof head, 0), ssize_t{sizeof head});
            return fd;
        };
        const auto fd = read_head("program");
        const size_t all = (kSize + 4095) / 4096;
        for (int i = 0; i < 500 && cached_pages(fd.get(), kSize) < all; ++i) ::usleep(10000);
        EXPECT_EQ(cached_pages(fd.get(), kSize), all);
        EXPECT_EQ(sys::read_all(fd.get(), "program"), blob_bytes(0).substr(kProgramAt, kSize));
        const auto other = read_head("data");
        ::usleep(100000);
        EXPECT_LT(cached_pages(other.get(), kSize), all);
        EXPECT_EQ(sys::read_all(other.get(), "data"), blob_bytes(0).substr(kProgramAt + 512, kSize));
    });
}

TEST_F(Serve, AnswersForAttributes) {
    in_namespaces([] {
        const std::string capability("\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
        const Image image{
            {{with_xattr(with_xattr(file("ping"), "security.capability", capability), "user.a", "b"),
              file("f"), with_xattr(dir("d"), "user.d", ""), file("deep/er/f")}}};
        const Mounted m(image, {}, {View::complete, View::without_xattrs, View::only_xattrs});
        char value[64];
        EXPECT_EQ(::getxattr((m.path(0) + "/ping").c_str(), "security.capability", value, sizeof value), 20);
        EXPECT_EQ(::getxattr((m.path(0) + "/ping").c_str(), "security.capability", nullptr, 0), 20);
        EXPECT_EQ(::getxattr((m.path(0) + "/ping").c_str(), "security.capability", value, 5), -1);
        EXPECT_EQ(errno, ERANGE);
        EXPECT_EQ(::getxattr((m.path(0) + "/f").c_str(), "user.a", value, sizeof value), -1);
        EXPECT_EQ(errno, ENODATA);
        const ssize_t n = ::listxattr((m.path(0) + "/ping").c_str(), value, sizeof value);
        EXPECT_EQ(std::string(value, static_cast<size_t>(n)),
                  std::string("security.capability\0user.a\0", 27));
        EXPECT_EQ(::getxattr((m.path(0) + "/d").c_str(), "user.d", value, sizeof value), 0);
        EXPECT_EQ(listing(m.path(1)).size(), 6u);
        EXPECT_EQ(::getxattr((m.path(1) + "/ping").c_str(), "user.a", value, sizeof value), -1);
        EXPECT_EQ(errno, EOPNOTSUPP);
        EXPECT_EQ(listing(m.path(2)), (std::vector<std::string>{"..:4", ".:4", "d:4", "ping:8"}));
        EXPECT_EQ(::getxattr((m.path(2) + "/ping").c_str(), "user.a", value, sizeof value), 1);
    });
}

TEST_F(Serve, TwoViewsMakeOneImageUnderOverlayfs) {
    in_namespaces([] {
        Layer layer = {dir("bin"),
                       with_xattr(file("bin/ping", 100), "user.cap", "yes"),
                       hardlink("bin/ping6", "bin/ping"),
                       with_xattr(dir("home"), "user.dir", "1"),
                       file("bin/sh", 50),
                       dir("lib", 0711)};
        for (int i = 0; i < 100; ++i) layer.push_back(file(fmt::format("lib/{}", i)));
        const Image image{{layer}};
        const auto views = wanted_views(build(image.layers));
        ASSERT_EQ(views, (std::vector{View::only_xattrs, View::without_xattrs}));
        const Mounted m(image, {}, views);
        for (const char* d : {"upper", "work", "merged"}) ASSERT_EQ(::mkdir(d, 0755), 0);
        if (::mount("o", "merged", "overlay", 0,
                    "userxattr,lowerdir=lower0:lower1,upperdir=upper,workdir=work") != 0)
            return;
        char value[16];
        EXPECT_EQ(::getxattr("merged/bin/ping", "user.cap", value, sizeof value), 3);
        EXPECT_EQ(::getxattr("merged/home", "user.dir", value, sizeof value), 1);
        EXPECT_EQ(::getxattr("merged/bin/sh", "user.cap", value, sizeof value), -1);
        EXPECT_EQ(lstat_of("merged/bin/ping").st_ino, lstat_of("merged/bin/ping6").st_ino);
        EXPECT_EQ(lstat_of("merged/bin/ping").st_nlink, 2u);
        EXPECT_EQ(listing("merged/bin"),
                  (std::vector<std::string>{"..:4", ".:4", "ping6:8", "ping:8", "sh:8"}));
        EXPECT_EQ(listing("merged/lib").size(), 102u);
        EXPECT_EQ(lstat_of("merged/lib").st_mode, S_IFDIR | 0711u);
        EXPECT_EQ(sys::read_file("merged/bin/sh"), blob_bytes(0).substr(512, 50));
        // A copy-up takes the attributes along; an unlink leaves a whiteout.
        EXPECT_EQ(::chmod("merged/bin/ping", 0700), 0) << strerror(errno);
        EXPECT_EQ(::getxattr("merged/bin/ping", "user.cap", value, sizeof value), 3);
        EXPECT_EQ(::unlink("merged/bin/ping6"), 0);
        EXPECT_EQ(listing("merged/bin").size(), 4u);
        EXPECT_EQ(::umount2("merged", 0), 0);
    });
}

TEST(WantedViews, DependOnTheAttributes) {
    EXPECT_EQ(wanted_views(build({{file("f")}})), std::vector{View::complete});
    // Most files have some: nothing to gain.
    EXPECT_EQ(wanted_views(build({{with_xattr(file("f"), "user.x", "y")}})), std::vector{View::complete});
}

TEST_F(Serve, ShowsIdsThatTheMapHas) {
    in_namespaces([] {
        LayerEntry high = file("high");
        high.uid = 500000;
        high.gid = 40;
        high.mode = 06755;
        LayerEntry low = file("low");
        low.uid = 7;
        const Image image{{{high, low}}};
        const bool many = sys::read_file("/proc/self/uid_map").find("65536") != std::string::npos;
        {
            const Mounted m(image, [](ServeOptions& o) {
                o.owners = {VisibleIds::single(), VisibleIds::single(), true};
            });
            EXPECT_EQ(lstat_of(m.path() + "/high").st_uid, 0u);
            EXPECT_EQ(lstat_of(m.path() + "/high").st_gid, 0u);
            EXPECT_EQ(lstat_of(m.path() + "/high").st_mode, S_IFREG | 06755u);
            ::umask(0);
        }
        ::rmdir("lower0");
        if (!many) return;
        const Mounted m(image, [](ServeOptions& o) {
            const VisibleIds shown({{0, 1000}, {60000, 5000}, {65534, 1}});
            o.owners = {shown, shown};
        });
        EXPECT_EQ(lstat_of(m.path() + "/high").st_uid, 65534u);
        EXPECT_EQ(lstat_of(m.path() + "/high").st_gid, 40u);
        EXPECT_EQ(lstat_of(m.path() + "/high").st_mode, S_IFREG | 02755u);
        EXPECT_EQ(lstat_of(m.path() + "/low").st_uid, 7u);
    });
}

TEST_F(Serve, TheNextServerAnswersWhatWasReadBefore) {
    in_namespaces([] {
        Mounted m({{{file("a", 100)}}});
        struct stat st {};
        ASSERT_EQ(::stat((m.path() + "/absent").c_str(), &st), -1);  // the connection is up
        m.kill_server();
        const pid_t reader =
            sys::fork_child("reader", [&] { return sys::read_file(m.path() + "/a").size() == 100 ? 7 : 1; });
        m.read_and_forget();
        m.start(true);
        EXPECT_EQ(sys::wait_for(reader).code, 7);
    });
}

TEST_F(Serve, AnotherServerTakesOver) {
    in_namespaces([] {
        Mounted m({{{file("a", 100000), file("b", 100000), dir("d"), file("d/x")}}});
        EXPECT_EQ(sys::read_file(m.path() + "/a"), blob_bytes(0).substr(512, 100000));
        const sys::Fd open_before = sys::open_file(m.path() + "/b", O_RDONLY);
        m.kill_server();
        m.start(true, [&] { ::close(open_before.get()); });
        EXPECT_EQ(sys::read_all(open_before.get(), "b"), blob_bytes(0).substr(512, 100000));
        EXPECT_EQ(listing(m.path() + "/d").size(), 3u);
    });
}

}  // namespace
}  // namespace rpod::overlay
