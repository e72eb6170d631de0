// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "store/paths.hh"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <thread>

#include "base/error.hh"
#include "store/temp_store.hh"

namespace rpod::store {
namespace {

TEST(Paths, FollowsFlagsThenEnvironment) {
    ::setenv("XDG_DATA_HOME", "/data", 1);
    EXPECT_EQ(Paths::locate("", "/r").root(), "/data/rpod");
    ::setenv("XDG_DATA_HOME", "relative", 1);
    ::setenv("HOME", "/h", 1);
    EXPECT_EQ(Paths::locate("", "/r").root(), "/h/.local/share/rpod");
    EXPECT_EQ(Paths::locate("/x/../y", "/r").root(), "/y");
    EXPECT_EQ(Paths::locate("/x", "/r").run(), "/r");
}

TEST(Paths, RuntimeDirectoryMustBeTheCallers) {
    TempStore store;
    ::setenv("XDG_RUNTIME_DIR", store.dir().c_str(), 1);
    EXPECT_EQ(Paths::locate("/x", "").run(), store.dir() + "/rpod");
    ::setenv("XDG_RUNTIME_DIR", "/does/not/exist", 1);
    EXPECT_NE(Paths::locate("/x", "").run(), "/does/not/exist/rpod");
}

TEST(OpenRoot, MakesAPrivateDirectoryWithAVersion) {
    TempStore store;
    struct stat st {};
    ASSERT_EQ(::stat(store.paths().root().c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777, 0700U);
    EXPECT_EQ(sys::read_file(store.paths().version_file()), "rpod store 1\n");
    open_root(store.paths());
}

TEST(OpenRoot, RefusesNewerStoresAndForeignDirectories) {
    TempStore store;
    sys::replace_file(store.paths().version_file(), "rpod store 2\n");
    EXPECT_THROW(open_root(store.paths()), Error);
    const Paths foreign(store.dir() + "/home", store.dir() + "/run");
    sys::make_dirs(foreign.root());
    sys::replace_file(foreign.root() / "thesis.tex", "x");
    EXPECT_THROW(open_root(foreign), Error);
}

TEST(OpenRoot, TwoCommandsMayMakeAStoreAtOnce) {
    TempStore store;
    for (int round = 0; round < 200; ++round) {
        const Paths paths(fmt::format("{}/made-{}", store.dir(), round), store.dir() + "/run");
        std::atomic<int> ready = 0;
        std::array<std::string, 2> failures;
        const auto make = [&](std::string& failure) {
            ++ready;
            while (ready < 2) {
            }
            try {
                open_root(paths);
                sys::replace_file(paths.root() / "lock", "");  // as every command does next
            } catch (const Error& e) {
                failure = e.what();
            }
        };
        std::thread other([&] { make(failures[1]); });
        make(failures[0]);
        other.join();
        ASSERT_EQ(failures[0] + failures[1], "");
    }
}

TEST(OpenRun, RefusesADirectoryThatOthersCanEnter) {
    TempStore store;
    open_run(store.paths());
    ASSERT_EQ(::chmod(store.paths().run().c_str(), 0755), 0);
    EXPECT_THROW(open_run(store.paths()), Error);
}

}  // namespace
}  // namespace rpod::store
