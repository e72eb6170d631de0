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

TEST(Records, AreFoundByNameIdAndPrefix) {
    TempStore store;
    const auto records = store.paths().root() / "things";
    const std::string one = "a1" + std::string(62, '0'), two = "a2" + std::string(62, '0');
    EXPECT_TRUE(record_ids(records).empty());
    for (const auto& id : {one, two}) sys::make_dirs(records / id);
    sys::make_dirs(records / ".tmp-1");
    EXPECT_TRUE(claim_record_name(records, "web", one));
    EXPECT_EQ(record_ids(records).size(), 2U);
    EXPECT_EQ(lookup_record(records, "thing", "web"), one);
    EXPECT_EQ(lookup_record(records, "thing", two), two);
    EXPECT_EQ(lookup_record(records, "thing", "a2"), two);
    EXPECT_EQ(lookup_record(records, "thing", "b"), std::nullopt);
    EXPECT_THROW(lookup_record(records, "thing", "a"), Error);
}

TEST(Records, ANameIsTakenWhileItsRecordIsThere) {
    TempStore store;
    const auto records = store.paths().root() / "things";
    sys::make_dirs(records / "1");
    EXPECT_TRUE(claim_record_name(records, "web", "1"));
    EXPECT_TRUE(is_name_taken(records, "web"));
    EXPECT_FALSE(claim_record_name(records, "web", "2"));
    // Whoever claimed it died before its record was there.
    sys::remove_tree_at(AT_FDCWD, records / "1");
    EXPECT_FALSE(is_name_taken(records, "web"));
    EXPECT_TRUE(claim_record_name(records, "web", "2"));
    EXPECT_TRUE(is_valid_name(claim_random_name(records, store.paths().root() / "others", "3")));
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
