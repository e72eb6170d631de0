// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/extract.hh"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.hh"
#include "index_fixture.hh"
#include "sys/file.hh"

namespace rpod::overlay {
namespace {

using namespace test;
namespace fs = std::filesystem;

class Extract : public ::testing::Test {
  protected:
    Extract() : top_(fs::temp_directory_path() / ("rpod-extract-" + sys::random_name())) {
        fs::create_directory(top_);
        std::string blob(512, 'h');
        for (int i = 0; i < 100; ++i) blob += "0123456789";
        blobs_.push_back(memory_file(blob));
    }
    ~Extract() override { sys::remove_tree_at(AT_FDCWD, top_); }

    /// All IDs as the one that runs the test.
    void run(const Layer& layer) {
        const auto index = build({layer});
        const Owners owners{VisibleIds({{::geteuid(), 1}}), VisibleIds({{::getegid(), 1}}), true};
        extract(index, blobs_, owners, sys::open_file(top_, O_RDONLY | O_DIRECTORY).get(), "tree");
    }
    struct stat status(const std::string& path) {
        struct stat st {};
        EXPECT_EQ(::lstat((top_ / "tree" / path).c_str(), &st), 0) << path;
        return st;
    }

    fs::path top_;
    std::vector<sys::Fd> blobs_;
};

TEST_F(Extract, FilesDirectoriesLinks) {
    auto closed = dir("d", 0555);
    run({closed,
         dir("d/e"),
         file("d/f", 10),
         file("empty", 0),
         symlink("l", "/etc/passwd"),
         hardlink("d/e/h", "d/f"),
         {.path = "p", .type = EntryType::fifo, .mode = 0640, .mtime_s = 7}});
    EXPECT_EQ(sys::read_file(top_ / "tree/d/f"), "0123456789");
    EXPECT_EQ(sys::read_file(top_ / "tree/empty"), "");
    EXPECT_EQ(fs::read_symlink(top_ / "tree/l"), "/etc/passwd");
    EXPECT_EQ(status("d/f").st_ino, status("d/e/h").st_ino);
    EXPECT_EQ(status("d/f").st_nlink, 2U) << "nothing else is left of it";
    EXPECT_EQ(status("d").st_mode & 07777, 0555U);
    EXPECT_EQ(status("d").st_mtim.tv_sec, 100);
    EXPECT_EQ(status("l").st_mtim.tv_sec, 300);
    EXPECT_TRUE(S_ISFIFO(status("p").st_mode));
    EXPECT_EQ(status("p").st_mode & 07777, 0640U);
    EXPECT_EQ(std::distance(fs::directory_iterator(top_), {}), 1);
}

TEST_F(Extract, SparseFilesKeepTheirHoles) {
    auto sparse = file("s", 1 << 20);
    sparse.extents = {{(1 << 20) - 10, 512, 10}};
    run({sparse});
    const auto text = sys::read_file(top_ / "tree/s");
    EXPECT_EQ(text.size(), 1U << 20);
    EXPECT_EQ(text.substr(text.size() - 12), std::string("\0\0", 2) + "0123456789");
    EXPECT_LT(status("s").st_blocks, 64);
}

/// Lowers the limit while it lives.
class FewDescriptors {
  public:
    FewDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit few{.rlim_cur = 64, .rlim_max = before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &few);
    }
    FewDescriptors(const FewDescriptors&) = delete;
    FewDescriptors& operator=(const FewDescriptors&) = delete;
    ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

  private:
    rlimit before_{};
};

TEST_F(Extract, DeepTreesNeedFewDescriptors) {
    Layer layer;
    std::string path;
    for (int i = 0; i < 500; ++i) {
        path += i == 0 ? "d" : "/d";
        layer.push_back(dir(path));
    }
    layer.push_back(file(path + "/f", 3));
    {
        const FewDescriptors few;
        run(layer);
    }
    EXPECT_EQ(sys::read_file(top_ / "tree" / path / "f"), "012");
}

TEST_F(Extract, DevicesAreLeftOut) {
    LayerEntry device{.path = "null", .type = EntryType::char_device, .mode = 0666};
    device.dev_major = 1;
    device.dev_minor = 3;
    run({device, file("f", 1)});
    EXPECT_FALSE(fs::exists(top_ / "tree/null"));
    EXPECT_TRUE(fs::exists(top_ / "tree/f"));
}

TEST_F(Extract, ALayerThatEndsTooEarlyIsAnError) {
    auto cut = file("f", 2000);
    EXPECT_THROW(run({cut}), Error);
}

}  // namespace
}  // namespace rpod::overlay
