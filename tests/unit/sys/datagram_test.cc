// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/datagram.hh"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/error.hh"
#include "sys/file.hh"

namespace rpod::sys {
namespace {

TEST(Datagram, IsCutAndDoesNotWait) {
    std::string pattern = (std::filesystem::temp_directory_path() / "rpod-datagram-XXXXXX").string();
    const std::filesystem::path top = ::mkdtemp(pattern.data());
    const auto socket = receive_datagrams_at(open_file(top, O_PATH | O_DIRECTORY).get(), "notify");
    EXPECT_FALSE(next_datagram(socket.get(), 100));
    send_datagram(top / "notify", "READY=1");
    send_datagram(top / "notify", std::string(200, 'x'));
    EXPECT_EQ(next_datagram(socket.get(), 100), "READY=1");
    EXPECT_EQ(next_datagram(socket.get(), 100), std::string(100, 'x'));
    EXPECT_FALSE(next_datagram(socket.get(), 100));
    EXPECT_THROW(send_datagram(top / "nobody", "x"), SysError);
    std::filesystem::remove_all(top);
}

TEST(Datagram, KnowsAddresses) {
    for (const std::string bad : {"", "/", "@", "relative", "vsock:2:1234"})
        EXPECT_THROW(send_datagram(bad, "x"), Error);
    EXPECT_THROW(send_datagram("/" + std::string(200, 'x'), "x"), Error);
    EXPECT_THROW(send_datagram("@rpod-test-nobody", "x"), SysError);
}

}  // namespace
}  // namespace rpod::sys
