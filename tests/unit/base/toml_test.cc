// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "base/toml.hh"

#include <gtest/gtest.h>

#include "base/error.hh"

namespace rpod {
namespace {

TEST(Toml, IsReadAsJson) {
    const auto root = parse_toml("a = [\"x\", 'y']\nb = 1979-05-27\n[[c]]\nd.e = -3\n[[c]]\nf = true\n", "t");
    EXPECT_EQ(root.dump(), R"({"a":["x","y"],"b":"1979-05-27","c":[{"d":{"e":-3}},{"f":true}]})");
}

TEST(Toml, SaysWhereItIsWrong) {
    try {
        parse_toml("a = 1\nb = \n", "'x.conf'");
        FAIL();
    } catch (const Error& e) {
        EXPECT_EQ(std::string(e.what()).find("'x.conf': line 2"), 0U) << e.what();
    }
    EXPECT_THROW(parse_toml("a = " + std::string(10'000, '['), "t"), Error);
    EXPECT_THROW(parse_toml("a = \"\xff\"", "t"), Error);
    // What toml++ asserts.
    EXPECT_THROW(parse_toml("[.a]\nb = 1\n", "t"), Error);
    EXPECT_THROW(parse_toml("[[.]]", "t"), Error);
}

}  // namespace
}  // namespace rpod
