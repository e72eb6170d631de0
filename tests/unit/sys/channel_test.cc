// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/channel.hh"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/error.hh"
#include "sys/file.hh"

namespace rpod::sys {
namespace {

TEST(Channel, CarriesTextAndDescriptors) {
    auto [a, b] = Channel::make_pair();
    const Fd null = open_file("/dev/null", O_RDONLY);
    a.send(7, "hello", {null.get(), null.get()});
    const auto packet = b.receive();
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->kind, 7u);
    EXPECT_EQ(packet->text, "hello");
    ASSERT_EQ(packet->fds.size(), 2u);
    EXPECT_EQ(::fcntl(packet->fds[0].get(), F_GETFD), FD_CLOEXEC);
}

TEST(Channel, EndOfThePeerIsNothing) {
    auto [a, b] = Channel::make_pair();
    a.close();
    EXPECT_FALSE(b.receive());
    EXPECT_THROW(b.send(1), Error);
}

TEST(Channel, LastWordsOutliveAPeerThatDidNotReadAll) {
    auto [a, b] = Channel::make_pair();
    a.send(3, "why");
    b.send(1);
    a.close();
    const auto packet = b.receive();
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->text, "why");
    EXPECT_FALSE(b.receive());
}

}  // namespace
}  // namespace rpod::sys
