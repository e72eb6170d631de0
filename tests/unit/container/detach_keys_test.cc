// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/detach_keys.hh"

#include <gtest/gtest.h>

#include "message_of.hh"

namespace rpod::container {
namespace {

TEST(DetachKeys, FindsTheSequenceAcrossReads) {
    DetachKeys keys("ctrl-p,ctrl-q");
    const auto first = keys.take("ab\x10");
    EXPECT_EQ(first.data, "ab");
    EXPECT_FALSE(first.detached);
    EXPECT_TRUE(keys.take("\x11").detached);
}

TEST(DetachKeys, HandsOnWhatWasNotTheSequence) {
    DetachKeys keys("ctrl-p,ctrl-q");
    EXPECT_EQ(keys.take("\x10").data, "");
    EXPECT_EQ(keys.take("x").data, "\x10x");
    EXPECT_EQ(keys.take("\x10\x10\x11").data, "\x10");
}

TEST(DetachKeys, OneKeyAndNone) {
    DetachKeys one("q");
    EXPECT_TRUE(one.take("abq").detached);
    DetachKeys none("");
    EXPECT_EQ(none.take("\x10\x11").data, "\x10\x11");
}

TEST(DetachKeys, RefusesWhatIsNoKey) {
    EXPECT_NE(message_of([] { DetachKeys("ctrl-"); }), "no error");
    EXPECT_NE(message_of([] { DetachKeys("ctrl-A"); }), "no error");
    EXPECT_NE(message_of([] { DetachKeys("a,,b"); }), "no error");
}

}  // namespace
}  // namespace rpod::container
