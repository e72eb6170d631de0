// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/unix_socket.hh"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "sys/file.hh"

namespace rpod::sys {
namespace {

TEST(UnixSocket, HasAModeAndALongPath) {
    std::string pattern = (std::filesystem::temp_directory_path() / "rpod-socket-XXXXXX").string();
    const std::filesystem::path top = ::mkdtemp(pattern.data());
    const auto path = top / std::string(200, 'x');
    make_dirs(path);
    const auto dir = open_file(path, O_PATH | O_DIRECTORY);
    EXPECT_FALSE(connect_at(dir.get(), "control"));
    {
        const auto listener = listen_at(dir.get(), "control");
        struct stat st {};
        ASSERT_EQ(::stat((path / "control").c_str(), &st), 0);
        EXPECT_EQ(st.st_mode, static_cast<mode_t>(S_IFSOCK | 0600));
        EXPECT_FALSE(accept_own(listener.get()));
        const auto client = connect_at(dir.get(), "control");
        const auto server = accept_own(listener.get());
        ASSERT_TRUE(client && server);
        client->send(7, "text");
        EXPECT_EQ(server->receive()->text, "text");
    }
    // The name is left, nobody listens; the next one takes its place.
    EXPECT_FALSE(connect_at(dir.get(), "control"));
    const auto again = listen_at(dir.get(), "control");
    EXPECT_TRUE(connect_at(dir.get(), "control"));
    std::filesystem::remove_all(top);
}

}  // namespace
}  // namespace rpod::sys
