// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "store/temporary.hh"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "base/error.hh"
#include "store/temp_store.hh"
#include "sys/file.hh"
#include "sys/process.hh"

namespace rpod::store {
namespace {

using sys::LockKind;

StoreLock exclusive(const Paths& paths) { return StoreLock::acquire(paths, LockKind::exclusive); }

/// A child that makes something, says so, and waits for its end.
class Maker {
  public:
    explicit Maker(const std::function<void()>& make_and_wait) {
        if (::pipe(pipe_) < 0) std::abort();
        pid_ = sys::fork_child("maker", [&] {
            make_and_wait();
            return 0;
        });
        char c = 0;
        if (::read(pipe_[0], &c, 1) != 1) std::abort();
    }
    int ready_fd() const { return pipe_[1]; }
    void kill() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            sys::wait_for(pid_);
        }
        pid_ = -1;
    }
    ~Maker() { kill(); }

    static inline int pipe_[2];

  private:
    pid_t pid_ = -1;
};

void say_ready_and_wait() {
    if (::write(Maker::pipe_[1], "x", 1) != 1) std::abort();
    for (;;) ::pause();
}

size_t count(const std::filesystem::path& dir) {
    const sys::Fd fd = sys::open_file(dir, O_RDONLY | O_DIRECTORY);
    size_t n = 0;
    for (const auto& name : sys::list_dir(fd.get())) n += name.starts_with(".tmp-") ? 1 : 0;
    return n;
}

TEST(Temporary, DisappearsAtTheEndOfItsLifeUnlessRenamed) {
    TempStore store;
    const auto& root = store.paths().root();
    {
        const TemporaryDir dir(root, exclusive(store.paths()));
        TemporaryFile lost(root, exclusive(store.paths()));
        TemporaryFile kept(root, exclusive(store.paths()));
        EXPECT_EQ(count(root), 3U);
        EXPECT_TRUE(has_temporaries(root));
        kept.rename_to("kept");
    }
    EXPECT_FALSE(has_temporaries(root));
    EXPECT_TRUE(sys::find_file(root / "kept"));
}

TEST(Temporary, SweepTakesTheDeadAndSparesTheLiving) {
    TempStore store;
    const auto& root = store.paths().root();
    Maker maker([&] {
        const TemporaryDir dir(root, exclusive(store.paths()));
        const TemporaryFile file(root, exclusive(store.paths()));
        say_ready_and_wait();
    });
    const TemporaryFile own(root, exclusive(store.paths()));
    sweep(root, exclusive(store.paths()));
    EXPECT_EQ(count(root), 3U);
    maker.kill();
    sweep(root, exclusive(store.paths()));
    EXPECT_EQ(count(root), 1U);
}

TEST(Temporary, SweepNeedsTheExclusiveLock) {
    TempStore store;
    EXPECT_THROW(sweep(store.paths().root(), StoreLock::acquire(store.paths(), LockKind::shared)), Error);
}

TEST(StoreLock, IsNotTakenTwiceByOneThreadAndWaitsForOthers) {
    TempStore store;
    auto held = std::make_unique<StoreLock>(exclusive(store.paths()));
    EXPECT_THROW(exclusive(store.paths()), Error);
    bool got = false;
    std::thread other([&] {
        const auto lock = exclusive(store.paths());
        got = true;
    });
    ::usleep(20000);
    EXPECT_FALSE(got);
    held.reset();
    other.join();
    EXPECT_TRUE(got);
}

}  // namespace
}  // namespace rpod::store
