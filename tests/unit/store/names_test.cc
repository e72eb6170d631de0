// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "store/names.hh"

#include <gtest/gtest.h>

#include "base/error.hh"
#include "store/record.hh"
#include "store/temp_store.hh"

namespace rpod::store {
namespace {

TEST(Names, OneOwnerAtATime) {
    TempStore store;
    const Names names(store.paths().root() / "names");
    EXPECT_FALSE(names.owner("web"));
    EXPECT_TRUE(names.claim("web", "1"));
    EXPECT_FALSE(names.claim("web", "2"));
    EXPECT_EQ(names.owner("web"), "1");
    names.release("web", "2");
    EXPECT_EQ(names.owner("web"), "1");
    names.release("web", "1");
    EXPECT_TRUE(names.claim("web", "2"));
}

TEST(Names, RefusesPaths) {
    TempStore store;
    const Names names(store.paths().root());
    for (const char* name : {"", ".", "..", "../x", "a/b", "-x", ".tmp-1", "a b", "a\n"}) {
        EXPECT_THROW(names.claim(name, "1"), Error) << name;
        EXPECT_FALSE(names.owner(name));
    }
}

TEST(Names, RandomOnesAreValid) {
    for (int i = 0; i < 1000; ++i) {
        const auto name = random_pair_name();
        EXPECT_TRUE(is_valid_name(name)) << name;
        EXPECT_FALSE(name.ends_with('_')) << name;
    }
}

TEST(MatchPrefix, WantsOneMeaning) {
    const std::vector<std::string> ids{"abc1", "abd2", "ab"};
    EXPECT_EQ(match_prefix(ids, "abc").id, "abc1");
    EXPECT_EQ(match_prefix(ids, "ab").id, "ab");
    EXPECT_TRUE(match_prefix(ids, "a").ambiguous);
    EXPECT_FALSE(match_prefix(ids, "x").id);
    EXPECT_FALSE(match_prefix(ids, "").id);
}

TEST(Record, ReadsWhatItWroteAndNamesItselfInErrors) {
    TempStore store;
    const RecordKind kind{.file = "state.json", .version = 1};
    const sys::Fd dir = sys::open_file(store.paths().root(), O_RDONLY | O_DIRECTORY);
    EXPECT_FALSE(find_record(dir.get(), kind, "container 'web'"));
    auto record = make_record(kind);
    record.set("pid", 7);
    replace_record(dir.get(), kind, record);
    EXPECT_EQ(find_record(dir.get(), kind, "container 'web'")->at("pid").as_int(), 7);
    sys::replace_file_at(dir.get(), "state.json", R"({"version":2})", 0600, sys::Sync::no);
    try {
        find_record(dir.get(), kind, "container 'web'");
        FAIL();
    } catch (const Error& e) {
        EXPECT_STREQ(e.what(),
                     "state.json of container 'web': written by a newer rpod (format 2, this one knows 1)");
    }
}

}  // namespace
}  // namespace rpod::store
