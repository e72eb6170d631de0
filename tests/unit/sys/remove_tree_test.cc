// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hh"
#include "sys/file.hh"

namespace rpod::sys {
namespace {

namespace fs = std::filesystem;

class RemoveTree : public testing::Test {
  protected:
    RemoveTree() : dir_(fs::temp_directory_path() / ("remove-" + random_name())) {
        fs::create_directory(dir_);
    }
    ~RemoveTree() override {
        if (fs::exists(dir_)) fs::remove_all(dir_);
    }

    /// `levels` directories in each other in "tree", with a file and an empty directory in each.
    void make_deep(int levels) const {
        check(::mkdir((dir_ / "tree").c_str(), 0755), "make tree");
        Fd at = open_file(dir_ / "tree", O_RDONLY | O_DIRECTORY);
        for (int i = 0; i < levels; ++i) {
            for (const char* name : {"a", "down", "z"})
                check(::mkdirat(at.get(), name, 0755), "make a level");
            open_at(at.get(), "file", O_WRONLY | O_CREAT, 0600);
            at = open_at(at.get(), "down", O_RDONLY | O_DIRECTORY);
        }
    }

    fs::path dir_;
};

/// Lets the process have few descriptors as long as it lives.
class FewDescriptors {
  public:
    FewDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        auto few = before_;
        few.rlim_cur = 64;
        ::setrlimit(RLIMIT_NOFILE, &few);
    }
    ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    FewDescriptors(const FewDescriptors&) = delete;
    FewDescriptors& operator=(const FewDescriptors&) = delete;

  private:
    rlimit before_{};
};

TEST_F(RemoveTree, TakesFewDescriptorsForAnyDepth) {
    make_deep(300);
    {
        const FewDescriptors few;
        remove_tree_at(AT_FDCWD, dir_ / "tree");
    }
    EXPECT_TRUE(fs::is_empty(dir_));
}

TEST_F(RemoveTree, OpensWhatIsClosed) {
    make_deep(40);
    for (const char* closed : {"tree/down/down", "tree/down", "tree"})
        fs::permissions(dir_ / closed, fs::perms::none);
    remove_tree_at(AT_FDCWD, dir_ / "tree");
    EXPECT_TRUE(fs::is_empty(dir_));
}

TEST_F(RemoveTree, FollowsNoLink) {
    fs::create_directories(dir_ / "other/kept");
    fs::create_directory(dir_ / "tree");
    fs::create_directory_symlink(dir_ / "other", dir_ / "tree/link");
    fs::create_directory_symlink(dir_ / "other", dir_ / "link");
    remove_tree_at(AT_FDCWD, dir_ / "tree");
    remove_tree_at(AT_FDCWD, dir_ / "link");
    remove_tree_at(AT_FDCWD, dir_ / "absent");
    EXPECT_TRUE(fs::exists(dir_ / "other/kept"));
    EXPECT_FALSE(fs::exists(dir_ / "tree"));
    EXPECT_FALSE(fs::is_symlink(dir_ / "link"));
}

TEST_F(RemoveTree, TakesLongNames) {
    fs::create_directories(dir_ / "tree" / std::string(255, 'd') / std::string(255, 'e'));
    remove_tree_at(AT_FDCWD, dir_ / "tree");
    EXPECT_TRUE(fs::is_empty(dir_));
}

}  // namespace
}  // namespace rpod::sys
