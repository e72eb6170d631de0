// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/clients.hh"

#include <gtest/gtest.h>

#include <string>

namespace rpod::container {
namespace {

/// What the other end finds, without waiting for more.
std::string drain(const sys::Channel& channel, size_t count) {
    std::string all;
    while (all.size() < count) {
        const auto packet = channel.receive();
        if (!packet) break;
        all += packet->text;
    }
    return all;
}

TEST(Clients, ForegroundHoldsBackAndOthersAreLetGo) {
    auto [far, near] = sys::Channel::make_pair();
    auto [far_other, near_other] = sys::Channel::make_pair();
    Clients clients(MonitorEnd(std::move(near)), true);
    clients.all().push_back(Client{.end = MonitorEnd(std::move(near_other)), .out = true});
    const std::string chunk(kAttachChunk, 'x');
    size_t sent = 0;
    while (!clients.holds_back()) {
        clients.output(AttachKind::stdout_data, chunk);
        sent += chunk.size();
        ASSERT_LT(sent, 64U << 20);
    }
    // The monitor reads no more now; were it to, the one that does not read goes, the foreground client
    // stays.
    for (int i = 0; i < 64; ++i) {
        clients.output(AttachKind::stdout_data, chunk);
        sent += chunk.size();
    }
    clients.forget_gone();
    ASSERT_EQ(clients.all().size(), 1U);
    EXPECT_TRUE(clients.has_foreground());
    std::string got;
    while (got.size() < sent) {
        clients.all().front().end.drain();
        got += drain(far, 1);
    }
    EXPECT_EQ(got.size(), sent);
    EXPECT_FALSE(clients.holds_back());
}

TEST(Clients, OutputGoesToWhoWantsTheStream) {
    auto [far, near] = sys::Channel::make_pair();
    auto [far_errors, near_errors] = sys::Channel::make_pair();
    Clients clients(MonitorEnd(std::move(near)), false);
    clients.all().push_back(Client{.end = MonitorEnd(std::move(near_errors)), .err = true});
    clients.output(AttachKind::stdout_data, "out");
    clients.output(AttachKind::stderr_data, "err");
    EXPECT_EQ(drain(far_errors, 3), "err");
    clients.exited({.code = 3, .signal = 0});
    EXPECT_EQ(drain(far, 3), "3 0");
}

TEST(Clients, OneThatIsGoneIsForgotten) {
    auto [far, near] = sys::Channel::make_pair();
    Clients clients(MonitorEnd(std::move(near)), true);
    far.close();
    clients.output(AttachKind::stdout_data, "x");
    clients.forget_gone();
    EXPECT_TRUE(clients.all().empty());
    EXPECT_FALSE(clients.has_foreground());
    clients.linger();
}

}  // namespace
}  // namespace rpod::container
