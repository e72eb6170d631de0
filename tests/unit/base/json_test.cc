// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "base/json.hh"

#include <gtest/gtest.h>

#include "base/error.hh"

namespace rpod::json {
namespace {

std::string message_of(const std::function<void()>& fn) {
    try {
        fn();
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

TEST(Json, ErrorsNameThePath) {
    const auto v = Value::parse(R"({"layers":[{"size":"big"}]})", "manifest");
    EXPECT_EQ(message_of([&] { v.at("layers").elements()[0].at("size").as_int(); }),
              "manifest: layers[0].size: expected a whole number");
    EXPECT_EQ(message_of([&] { v.at("config"); }), "manifest: 'config' is missing");
}

TEST(Json, NullIsAbsent) {
    const auto v = Value::parse(R"({"a":null})", "x");
    EXPECT_FALSE(v.find("a"));
    EXPECT_EQ(v.string_or("a", "d"), "d");
}

TEST(Json, RefusesDuplicateKeysDepthAndSize) {
    EXPECT_EQ(message_of([] { Value::parse(R"({"a":1,"a":2})", "x"); }),
              "x: key 'a' appears twice in one object");
    EXPECT_NE(message_of([] { Value::parse(std::string(100000, '['), "x"); }), "no error");
    EXPECT_NE(message_of([] { Value::parse("[[[]]]", "x", Limits{.max_bytes = 10, .max_depth = 2}); }),
              "no error");
    EXPECT_NE(message_of([] { Value::parse("[1,2,3,4,5]", "x", Limits{.max_bytes = 10, .max_depth = 2}); }),
              "no error");
    EXPECT_NE(message_of([] { Value::parse("{} trailing", "x"); }), "no error");
}

TEST(Json, RefusesNumbersOutOfRange) {
    const auto v = Value::parse(R"({"n":-1,"big":18446744073709551615,"f":1.5})", "x");
    EXPECT_NE(message_of([&] { v.at("n").as_uint(); }), "no error");
    EXPECT_NE(message_of([&] { v.at("big").as_int(); }), "no error");
    EXPECT_NE(message_of([&] { v.at("f").as_int(); }), "no error");
    EXPECT_EQ(v.at("big").as_uint(), UINT64_MAX);
}

TEST(Builder, KeepsOrderAndReplacesBrokenUtf8) {
    auto b = Builder::object();
    b.set("z", 1).set("a", "\xff").set("list", Builder::of(std::vector<std::string>{"x"}));
    EXPECT_EQ(b.dump(), "{\"z\":1,\"a\":\"\xef\xbf\xbd\",\"list\":[\"x\"]}");
}

}  // namespace
}  // namespace rpod::json
