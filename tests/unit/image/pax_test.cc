// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/pax.hh"

#include <gtest/gtest.h>

#include "base/error.hh"
#include "image/tar_builder.hh"

namespace rpod::image {
namespace {

using test::TarBuilder;

PaxRecords parse(const std::string& key, const std::string& value) {
    PaxRecords records;
    parse_pax(TarBuilder::record(key, value), records);
    return records;
}

TEST(Pax, RefusesMalformedRecords) {
    for (const std::string text :
         {"x", "12", "5 a=\n6", "0 a=b\n", "99 a=b\n", "6 a=bc\n", "5 a=bc\n", "6 =bc\n", "6 abc\n",
          "-6 a=b\n", " 6 a=b\n", "18446744073709551621 a=b\n", "6a=bc\n", "3 \n", "4 =\n"}) {
        PaxRecords records;
        EXPECT_THROW(parse_pax(text, records), Error) << text;
    }
    PaxRecords records;
    EXPECT_THROW(parse_pax(TarBuilder::record("a", "b") + std::string(10, '\0'), records), Error);
    parse_pax("", records);
}

TEST(Pax, ReadsTimes) {
    const auto time = [](const std::string& text) {
        const auto t = *parse("mtime", text).mtime;
        return std::pair(t.s, t.ns);
    };
    EXPECT_EQ(time("1700000000"), std::pair(int64_t{1700000000}, 0u));
    EXPECT_EQ(time("1.000000001"), std::pair(int64_t{1}, 1u));
    EXPECT_EQ(time("1.9999999999"), std::pair(int64_t{1}, 999999999u));
    EXPECT_EQ(time("1."), std::pair(int64_t{1}, 0u));
    EXPECT_EQ(time("-0.25"), std::pair(int64_t{-1}, 750000000u));
    EXPECT_EQ(time("-1.0"), std::pair(int64_t{-1}, 0u));
    for (const char* bad :
         {"-", "1.x", "1.-5", ".5", "99999999999999999999", "-9223372036854775808.5", "1e5", " 1"}) {
        EXPECT_THROW(parse("mtime", bad), Error) << bad;
    }
}

TEST(Pax, RefusesBadValues) {
    EXPECT_THROW(parse("path", std::string("a\0b", 3)), Error);
    EXPECT_THROW(parse("linkpath", std::string("a\0", 2)), Error);
    EXPECT_THROW(parse("size", "-1"), Error);
    EXPECT_THROW(parse("size", "9223372036854775808"), Error);
    EXPECT_THROW(parse("uid", "0x5"), Error);
    EXPECT_THROW(parse("SCHILY.xattr.", "v"), Error);
    EXPECT_THROW(parse(std::string("SCHILY.xattr.a\0b", 16), "v"), Error);
    EXPECT_THROW(parse("SCHILY.xattr.user." + std::string(300, 'x'), "v"), Error);
    EXPECT_THROW(parse("SCHILY.xattr.user.x", std::string(70000, 'x')), Error);
    std::string many;
    for (int i = 0; i < 1000; ++i) many += TarBuilder::record("SCHILY.xattr.user." + std::to_string(i), "");
    PaxRecords records;
    EXPECT_THROW(parse_pax(many, records), Error);
}

TEST(Pax, TakesRecordsBackWithEmptyOnes) {
    PaxRecords records;
    parse_pax(TarBuilder::record("path", "a") + TarBuilder::record("size", "5"), records);
    parse_pax(TarBuilder::record("path", "") + TarBuilder::record("size", ""), records);
    EXPECT_FALSE(records.path);
    EXPECT_FALSE(records.size);
}

TEST(Pax, ReadsBothFormsOfXattrs) {
    EXPECT_EQ(parse("LIBARCHIVE.xattr.user.a%20b", "aGVsbG8").xattrs[0],
              std::pair(std::string("user.a b"), std::string("hello")));
    EXPECT_EQ(parse("LIBARCHIVE.xattr.user.%zz", "aGVsbA==").xattrs[0],
              std::pair(std::string("user.%zz"), std::string("hell")));
    EXPECT_THROW(parse("LIBARCHIVE.xattr.user.a", "a b"), Error);
    PaxRecords records;
    parse_pax(TarBuilder::record("SCHILY.xattr.user.a", "schily") +
                  TarBuilder::record("LIBARCHIVE.xattr.user.a", "eA") +
                  TarBuilder::record("LIBARCHIVE.xattr.user.b", "eA") +
                  TarBuilder::record("SCHILY.xattr.user.b", "later"),
              records);
    ASSERT_EQ(records.xattrs.size(), 2u);
    EXPECT_EQ(records.xattrs[0].second, "schily");
    EXPECT_EQ(records.xattrs[1].second, "later");
}

TEST(Pax, ReadsSparseMaps) {
    PaxRecords records;
    parse_pax(TarBuilder::record("GNU.sparse.offset", "0") + TarBuilder::record("GNU.sparse.numbytes", "5") +
                  TarBuilder::record("GNU.sparse.offset", "9") +
                  TarBuilder::record("GNU.sparse.numbytes", "1"),
              records);
    EXPECT_EQ(records.sparse.map, (std::vector<uint64_t>{0, 5, 9, 1}));
    EXPECT_EQ(parse("GNU.sparse.map", "0,5,9,1").sparse.map, (std::vector<uint64_t>{0, 5, 9, 1}));
    EXPECT_THROW(parse("GNU.sparse.numbytes", "5"), Error);
    EXPECT_THROW(parse("GNU.sparse.map", "0,5,"), Error);
    EXPECT_THROW(parse("GNU.sparse.map", "0,-5"), Error);
    EXPECT_THROW(parse("GNU.sparse.name", std::string("a\0b", 3)), Error);
}

}  // namespace
}  // namespace rpod::image
