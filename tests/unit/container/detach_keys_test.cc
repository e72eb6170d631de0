// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/detach_keys.hh"

#include <gtest/gtest.h>

#include "container/message_of.hh"

namespace rpod::container {
namespace {

std::string typed(DetachKeys& keys, std::string_view text) {
    const auto passed = keys.take(text);
    return passed.data + (passed.detached ? "!" : "");
}

TEST(DetachKeys, AreFoundAcrossReads) {
    DetachKeys keys(kDefaultDetachKeys);
    EXPECT_EQ(typed(keys, "ab"), "ab");
    EXPECT_EQ(typed(keys, "c\x10"), "c");
    EXPECT_EQ(typed(keys, "\x11"), "!");
}

TEST(DetachKeys, WhatIsNotTheSequenceGoesOn) {
    DetachKeys keys(kDefaultDetachKeys);
    EXPECT_EQ(typed(keys, "\x10x"), "\x10x");
    EXPECT_EQ(typed(keys, "\x10"), "");
    EXPECT_EQ(typed(keys, "\x10\x11"), "\x10!");
    DetachKeys none("");
    EXPECT_EQ(typed(none, "\x10\x11"), "\x10\x11");
}

TEST(DetachKeys, AreParsed) {
    DetachKeys plain("a,ctrl-@,ctrl-_");
    EXPECT_EQ(typed(plain, std::string("a\0\x1f", 3)), "!");
    for (const char* bad : {"ctrl-", "ctrl-1", "ctrl-A", "ab", "a,,b", "ctrl-p,", "Ctrl-p"})
        EXPECT_NE(message_of([&] { DetachKeys keys(bad); }), "no error") << bad;
}

}  // namespace
}  // namespace rpod::container
