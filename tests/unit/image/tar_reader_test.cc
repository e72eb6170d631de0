// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/tar_reader.hh"

#include <gtest/gtest.h>

#include "base/error.hh"
#include "image/tar_builder.hh"

namespace rpod::image {
namespace {

using overlay::EntryType;
using overlay::LayerEntry;
using test::Member;
using test::TarBuilder;

overlay::LayerScan scan(const std::string& archive, TarLimits limits = {}) {
    MemorySource source(archive);
    auto result = scan_tar(source, limits);
    EXPECT_EQ(result.blob_size, archive.size());
    return result;
}

std::string error_of(const std::string& archive, TarLimits limits = {}) {
    try {
        MemorySource source(archive);
        scan_tar(source, limits);
        return "no error";
    } catch (const Error& e) {
        return e.what();
    }
}

#define EXPECT_ERROR(archive, text) \
    EXPECT_NE(error_of(archive).find(text), std::string::npos) << error_of(archive)

/// The content that the extents of an entry give.
std::string content(const std::string& archive, const LayerEntry& entry) {
    std::string out(entry.size, '\0');
    for (const auto& e : entry.extents)
        out.replace(e.file_offset, e.length, archive.substr(e.blob_offset, e.length));
    return out;
}

TEST(TarReader, ReadsEveryType) {
    const std::string archive = TarBuilder()
                                    .dir("d/")
                                    .add({.name = "d/f",
                                          .data = "hello",
                                          .mode = 04755,
                                          .uid = 1000,
                                          .gid = 65534,
                                          .mtime = 1700000000})
                                    .add({.name = "h", .type = '1', .link = "./d/f"})
                                    .add({.name = "s", .type = '2', .link = "../../etc/passwd"})
                                    .add({.name = "c", .type = '3', .dev_major = 1, .dev_minor = 3})
                                    .add({.name = "b", .type = '4', .dev_major = 259, .dev_minor = 65536})
                                    .add({.name = "p", .type = '6'})
                                    .add({.name = "contiguous", .type = '7', .data = "x"})
                                    .end();
    const auto entries = scan(archive).entries;
    ASSERT_EQ(entries.size(), 8u);
    EXPECT_EQ(entries[0].type, EntryType::directory);
    EXPECT_EQ(entries[0].path, "d");
    EXPECT_EQ(entries[1].type, EntryType::regular);
    EXPECT_EQ(entries[1].mode, 04755u);
    EXPECT_EQ(entries[1].uid, 1000u);
    EXPECT_EQ(entries[1].gid, 65534u);
    EXPECT_EQ(entries[1].mtime_s, 1700000000);
    EXPECT_EQ(content(archive, entries[1]), "hello");
    EXPECT_EQ(entries[2].type, EntryType::hardlink);
    EXPECT_EQ(entries[2].target, "d/f");
    EXPECT_EQ(entries[3].target, "../../etc/passwd");
    EXPECT_EQ(entries[4].type, EntryType::char_device);
    EXPECT_EQ(entries[4].dev_minor, 3u);
    EXPECT_EQ(entries[5].dev_major, 259u);
    EXPECT_EQ(entries[5].dev_minor, 65536u);
    EXPECT_EQ(entries[6].type, EntryType::fifo);
    EXPECT_EQ(content(archive, entries[7]), "x");
}

TEST(TarReader, ResolvesNamesBelowTheRoot) {
    const std::pair<const char*, const char*> names[] = {
        {"a", "a"},
        {"./a", "a"},
        {"/a", "a"},
        {"//a//b/", "a/b"},
        {"../../a", "a"},
        {"b/../a", "a"},
        {"a/../../x", "x"},
        {"a/b/..", "a"},
        {"./././a/./b", "a/b"},
        {"..a/b..", "..a/b.."},
        {".wh..", ".wh.."},
        {".wh...", ".wh..."},
        {"/..", ""},
        {"a/../..", ""},
        {".", ""},
        {"a\nb", "a\nb"},
        {"\xff/\x01", "\xff/\x01"},
        {"/proc/../../etc/x", "etc/x"},
    };
    for (const auto& [name, path] : names) {
        EXPECT_EQ(clean_member_path(name), path) << name;
        EXPECT_EQ(scan(TarBuilder().dir(name).end()).entries.at(0).path, path) << name;
    }
}

TEST(TarReader, KeepsTheRootADirectory) {
    for (const char type : {'0', '1', '2', '3', '6', '7'}) {
        for (const char* name : {".", "/", "./", "a/..", "../"}) {
            EXPECT_ERROR(TarBuilder().add({.name = name, .type = type, .link = "/host"}).end(),
                         "only a directory");
        }
    }
}

TEST(TarReader, ClampsHardLinksAndLeavesSymlinksAlone) {
    const auto entries = scan(TarBuilder()
                                  .add({.name = "h", .type = '1', .link = "../../etc/shadow"})
                                  .add({.name = "s", .type = '2', .link = "../../etc//shadow/"})
                                  .end())
                             .entries;
    EXPECT_EQ(entries[0].target, "etc/shadow");
    EXPECT_EQ(entries[1].target, "../../etc//shadow/");
    EXPECT_ERROR(TarBuilder().add({.name = "h", .type = '1'}).end(), "link without a target");
    EXPECT_ERROR(TarBuilder().add({.name = "s", .type = '2'}).end(), "link without a target");
}

TEST(TarReader, TellsV7DirectoriesByTheirSlash) {
    const auto entries = scan(TarBuilder()
                                  .add({.name = "d/", .type = '\0', .magic = ""})
                                  .add({.name = "f", .type = '\0', .data = "x", .magic = ""})
                                  .end())
                             .entries;
    EXPECT_EQ(entries[0].type, EntryType::directory);
    EXPECT_EQ(entries[1].type, EntryType::regular);
    EXPECT_EQ(entries[1].size, 1u);
}

TEST(TarReader, JoinsUstarAndStarPrefixes) {
    const auto prefix = [](std::string& block) { TarBuilder::put(block, 345, 155, "pre/fix"); };
    EXPECT_EQ(scan(TarBuilder().add({.name = "f"}, prefix).end()).entries[0].path, "pre/fix/f");
    const auto star = [](std::string& block) {
        TarBuilder::put(block, 345, 131, "pre/fix");
        TarBuilder::put(block, 476, 12, "00000000000");
        TarBuilder::put(block, 508, 4, std::string("tar\0", 4));
    };
    EXPECT_EQ(scan(TarBuilder().add({.name = "f"}, star).end()).entries[0].path, "pre/fix/f");
    // GNU has the times there; old Go programs a prefix.
    const auto times = [](std::string& block) {
        TarBuilder::put(block, 345, 24, "00000000001 00000000001 ");
    };
    EXPECT_EQ(scan(TarBuilder().add({.name = "f", .magic = TarBuilder::kGnu}, times).end()).entries[0].path,
              "f");
    EXPECT_EQ(scan(TarBuilder().add({.name = "f", .magic = TarBuilder::kGnu}, prefix).end()).entries[0].path,
              "pre/fix/f");
}

TEST(TarReader, ReadsGnuLongNames) {
    const std::string name = std::string(200, 'd') + "/" + std::string(250, 'f');
    const std::string target(1000, 't');
    const auto entries =
        scan(TarBuilder()
                 .gnu_long('K', target)
                 .gnu_long('L', name)
                 .add({.name = "short", .type = '2', .link = "short", .magic = TarBuilder::kGnu})
                 .file("next", "")
                 .end())
            .entries;
    EXPECT_EQ(entries[0].path, name);
    EXPECT_EQ(entries[0].target, target);
    EXPECT_EQ(entries[1].path, "next");
}

TEST(TarReader, BoundsNames) {
    std::string deep;
    for (int i = 0; i < 2047; ++i) deep += "a/";
    EXPECT_EQ(scan(TarBuilder().gnu_long('L', deep + "b").file("x", "").end()).entries[0].path, deep + "b");
    EXPECT_ERROR(TarBuilder().gnu_long('L', deep + "bb").file("x", "").end(), "name of 4096 bytes");
    EXPECT_ERROR(TarBuilder().gnu_long('L', std::string(256, 'a')).file("x", "").end(),
                 "component of 256 bytes");
    EXPECT_ERROR(TarBuilder().gnu_long('K', std::string(5000, 'a')).add({.name = "x", .type = '2'}).end(),
                 "link target");
    EXPECT_ERROR(TarBuilder().gnu_long('L', std::string(1 << 20, 'a')).file("x", "").end(),
                 "extended header of");
    EXPECT_ERROR(TarBuilder().add({.name = "x", .type = 'x', .size = 1LL << 40}).end(), "extended header of");
}

TEST(TarReader, ReadsNumbersOfAllForms) {
    const auto field = [](size_t offset, size_t size, std::string value) {
        return [=](std::string& block) {
            block.replace(offset, size, std::string(size, '\0'));
            TarBuilder::put(block, offset, size, value);
        };
    };
    const auto mtime = [&](std::string value) {
        return scan(TarBuilder().add({.name = "f"}, field(136, 12, std::move(value))).end())
            .entries[0]
            .mtime_s;
    };
    EXPECT_EQ(mtime("  17 "), 15);
    EXPECT_EQ(mtime(""), 0);
    EXPECT_EQ(mtime(std::string("\0\0 12\0 ", 7)), 10);
    EXPECT_EQ(mtime("777777777777"), 0xfffffffffLL);
    EXPECT_EQ(mtime(std::string(12, '\xff')), -1);
    EXPECT_EQ(mtime(std::string("\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12)), INT64_MAX);
    EXPECT_EQ(mtime(std::string("\xff\xff\xff\xff\x80\0\0\0\0\0\0\0", 12)), INT64_MIN);
    for (const std::string bad : {"12x", "8", "-1", "0x10", "1 2"}) {
        EXPECT_ERROR(TarBuilder().add({.name = "f"}, field(136, 12, bad)).end(),
                     "mtime in the header is not a number")
            << bad;
    }
    EXPECT_ERROR(TarBuilder()
                     .add({.name = "f"}, field(136, 12, std::string("\x80\0\0\0\x80\0\0\0\0\0\0\0", 12)))
                     .end(),
                 "mtime");
    EXPECT_ERROR(TarBuilder().add({.name = "f"}, field(136, 12, std::string("\x80\x01", 2))).end(), "mtime");
    EXPECT_ERROR(TarBuilder().add({.name = "f"}, field(124, 12, std::string(12, '\xff'))).end(),
                 "negative size");
    EXPECT_ERROR(
        TarBuilder()
            .add({.name = "f"}, field(124, 12, std::string("\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12)))
            .end(),
        "out of range");
    EXPECT_ERROR(TarBuilder().add({.name = "f"}, field(108, 8, std::string(8, '\xff'))).end(),
                 "uid -1 is out of range");
    EXPECT_ERROR(
        TarBuilder().add({.name = "f"}, field(116, 8, std::string("\x80\0\0\0\xff\xff\xff\xff", 8))).end(),
        "gid 4294967295 is out of range");
    EXPECT_EQ(scan(TarBuilder()
                       .add({.name = "f"}, field(108, 8, std::string("\x80\0\0\0\xff\xff\xff\xfe", 8)))
                       .end())
                  .entries[0]
                  .uid,
              0xfffffffeu);
}

TEST(TarReader, AcceptsBothChecksums) {
    const auto sum = [](const std::string& block, bool is_signed) {
        int value = 0;
        for (size_t i = 0; i < 512; ++i) {
            const char c = i >= 148 && i < 156 ? ' ' : block[i];
            value += is_signed ? static_cast<int8_t>(c) : static_cast<uint8_t>(c);
        }
        return value;
    };
    std::string archive = TarBuilder().file("n\xe4me\xe4", "").end();
    EXPECT_NE(sum(archive, true), sum(archive, false));
    for (const bool is_signed : {true, false}) {
        TarBuilder::put(archive, 148, 8,
                        fmt::format("{:06o}", sum(archive, is_signed)) + std::string("\0 ", 2));
        EXPECT_EQ(scan(archive).entries[0].path, "n\xe4me\xe4");
    }
    TarBuilder::put(archive, 148, 8, std::string("0000001\0", 8));
    EXPECT_ERROR(archive, "not a tar archive");
    EXPECT_ERROR(TarBuilder().file("a", "").text() + archive,
                 "tar header at offset 512: the checksum of the header is wrong");
}

TEST(TarReader, EndsAsGoDoes) {
    EXPECT_TRUE(scan("").entries.empty());
    EXPECT_TRUE(scan(std::string(1024, '\0')).entries.empty());
    EXPECT_TRUE(scan(std::string(512, '\0')).entries.empty());
    EXPECT_EQ(scan(TarBuilder().file("a", "x").text()).entries.size(), 1u);
    // Trailing garbage belongs to the blob, not to the archive.
    EXPECT_EQ(scan(TarBuilder().file("a", "x").end() + "garbage" + std::string(3000, 'g')).entries.size(),
              1u);
    EXPECT_EQ(scan(TarBuilder().file("a", "x").end() + TarBuilder().file("b", "").end()).entries.size(), 1u);
    EXPECT_ERROR(
        TarBuilder().file("a", "x").text() + std::string(512, '\0') + TarBuilder().file("b", "").end(),
        "single block of zeros");
    // The padding of the last member may be missing.
    const std::string archive = TarBuilder().file("a", "xyz").text();
    EXPECT_EQ(scan(archive.substr(0, 515)).entries[0].size, 3u);
}

TEST(TarReader, SaysWhereAnArchiveIsTruncated) {
    const std::string archive =
        TarBuilder().file("etc/passwd", "root").file("etc/group", std::string(1000, 'g')).text();
    EXPECT_EQ(error_of(archive.substr(0, 1536 + 900)),
              "tar member 'etc/group' at offset 1024: the archive is truncated: it ends at 2436, 100 bytes "
              "too early");
    EXPECT_EQ(error_of(archive.substr(0, 1024 + 100)),
              "tar header at offset 1024: the archive is truncated: it ends at 1124, inside a header");
    EXPECT_ERROR(TarBuilder().pax({{"path", "long"}}).text(), "after an extended header");
    EXPECT_ERROR(TarBuilder().pax({{"path", "long"}}).text().substr(0, 520), "inside an extended header");
    for (size_t size = 1; size < archive.size(); ++size) error_of(archive.substr(0, size));
}

TEST(TarReader, EscapesNamesInErrors) {
    const std::string name = "\x1b[2J\n" + std::string(90, 'x');
    EXPECT_EQ(error_of(TarBuilder().add({.name = name, .type = 'Q'}).end()),
              "tar member '\\x1b[2J\\x0a" + std::string(90, 'x') + "' at offset 0: unsupported type 'Q'");
}

TEST(TarReader, RefusesOrPassesOverOddTypes) {
    EXPECT_ERROR(TarBuilder().add({.name = "m", .type = 'M', .magic = TarBuilder::kGnu}).end(),
                 "multi-volume");
    EXPECT_ERROR(TarBuilder().add({.name = "n", .type = 'N'}).end(), "unsupported type 'N'");
    EXPECT_ERROR(TarBuilder().add({.name = "n", .type = '\n'}).end(), "unsupported type '\\x0a'");
    const auto entries = scan(TarBuilder()
                                  .add({.name = "label", .type = 'V', .magic = TarBuilder::kGnu})
                                  .add({.name = "dump/",
                                        .type = 'D',
                                        .data = std::string("Yfile\0\0", 7),
                                        .magic = TarBuilder::kGnu})
                                  .file("f", "x")
                                  .end())
                             .entries;
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_EQ(entries[0].type, EntryType::directory);
    EXPECT_EQ(entries[0].size, 0u);
    EXPECT_EQ(entries[1].path, "f");
}

TEST(TarReader, IgnoresTheSizeOfWhatHasNoData) {
    TarBuilder builder;
    for (const char type : {'1', '2', '3', '4', '5', '6'}) {
        builder.add({.name = std::string("x") + type, .type = type, .link = "f", .size = 5000});
    }
    const auto entries = scan(builder.file("last", "content").end()).entries;
    ASSERT_EQ(entries.size(), 7u);
    EXPECT_EQ(entries[6].path, "last");
    for (const auto& entry : entries) EXPECT_EQ(entry.size, entry.path == "last" ? 7u : 0u);
}

TEST(TarReader, PassesOverTheDataOfHardLinks) {
    const std::string archive =
        TarBuilder()
            .file("f", std::string(700, 'x'))
            .add({.name = "h", .type = '1', .data = std::string(700, 'x'), .link = "f"})
            .file("last", "content")
            .end();
    const auto entries = scan(archive).entries;
    ASSERT_EQ(entries.size(), 3u);
    EXPECT_EQ(entries[1].target, "f");
    EXPECT_EQ(content(archive, entries[2]), "content");
    EXPECT_EQ(scan(TarBuilder().add({.name = "h", .type = '1', .link = "f", .size = 9}).end()).entries.size(),
              1u);
    EXPECT_EQ(
        scan(TarBuilder().add({.name = "h", .type = '1', .link = "f", .size = 9}).text()).entries.size(), 1u);
}

TEST(TarReader, AppliesPaxRecords) {
    const auto entries = scan(TarBuilder()
                                  .pax({{"path", "über/ä\nb"},
                                        {"uid", "4000000000"},
                                        {"gid", "7"},
                                        {"mtime", "-1.5"},
                                        {"SCHILY.xattr.security.capability", std::string("\1\0\0\2=\n", 6)},
                                        {"SCHILY.xattr.user.empty", ""},
                                        {"hdrcharset", "BINARY"},
                                        {"comment", "ignored"},
                                        {"atime", "nonsense"}})
                                  .add({.name = "short", .data = "x"})
                                  .pax({{"linkpath", std::string(300, 'l')}})
                                  .add({.name = "l", .type = '2', .link = "short"})
                                  .pax({{"SCHILY.devmajor", "300"}, {"SCHILY.devminor", "70000"}})
                                  .add({.name = "dev", .type = '3'})
                                  .end())
                             .entries;
    ASSERT_EQ(entries.size(), 3u);
    EXPECT_EQ(entries[0].path, "über/ä\nb");
    EXPECT_EQ(entries[0].uid, 4000000000u);
    EXPECT_EQ(entries[0].gid, 7u);
    EXPECT_EQ(entries[0].mtime_s, -2);
    EXPECT_EQ(entries[0].mtime_ns, 500000000u);
    ASSERT_EQ(entries[0].xattrs.size(), 2u);
    EXPECT_EQ(entries[0].xattrs[0].first, "security.capability");
    EXPECT_EQ(entries[0].xattrs[0].second, std::string("\1\0\0\2=\n", 6));
    EXPECT_EQ(entries[0].xattrs[1].second, "");
    EXPECT_EQ(entries[1].target, std::string(300, 'l'));
    EXPECT_EQ(entries[1].uid, 0u) << "records hold for one member";
    EXPECT_TRUE(entries[1].xattrs.empty());
    EXPECT_EQ(entries[2].dev_major, 300u);
    EXPECT_EQ(entries[2].dev_minor, 70000u);
}

TEST(TarReader, LetsPaxOverrideBrokenNumbers) {
    const auto junk = [](std::string& block) { TarBuilder::put(block, 108, 8, "!!!!!!!"); };
    EXPECT_EQ(scan(TarBuilder().pax({{"uid", "5"}}).add({.name = "f"}, junk).end()).entries[0].uid, 5u);
    EXPECT_ERROR(TarBuilder().add({.name = "f"}, junk).end(), "uid");
}

TEST(TarReader, GivesThePaxSizeToTheMemberOnly) {
    // Not to the long name between: archives that two readers take apart differently hide members
    // (CVE-2025-62518).
    const std::string archive = TarBuilder()
                                    .pax({{"size", "1024"}})
                                    .gnu_long('L', "long")
                                    .add({.name = "short", .size = 0})
                                    .raw(std::string(1024, 'x'))
                                    .file("last", "")
                                    .end();
    const auto entries = scan(archive).entries;
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_EQ(entries[0].path, "long");
    EXPECT_EQ(content(archive, entries[0]), std::string(1024, 'x'));
    EXPECT_EQ(entries[1].path, "last");
}

TEST(TarReader, PrefersTheGnuNameToPax) {
    const auto entry =
        scan(TarBuilder().gnu_long('L', "gnu").pax({{"path", "pax"}}).file("ustar", "").end()).entries[0];
    EXPECT_EQ(entry.path, "gnu");
}

TEST(TarReader, TakesSizesBeyond8GiB) {
    // The data are not there: reading the header alone must give the size.
    const uint64_t size = (uint64_t{20} << 30) + 5;
    for (const bool pax : {true, false}) {
        TarBuilder builder;
        if (pax) {
            builder.pax({{"size", std::to_string(size)}}).add({.name = "big", .size = 0});
        } else {
            builder.add({.name = "big"}, [&](std::string& block) {
                block.replace(124, 12, 12, '\0');
                block[124] = '\x80';
                for (int i = 0; i < 8; ++i) block[135 - i] = static_cast<char>(size >> 8 * i);
            });
        }
        MemorySource source(builder.text());
        TarReader reader(source);
        const auto entry = reader.next();
        ASSERT_TRUE(entry);
        EXPECT_EQ(entry->size, size);
        EXPECT_EQ(entry->extents.at(0).length, size);
        EXPECT_THROW(reader.next(), Error);
    }
}

TEST(TarReader, AppliesGlobalHeadersToWhatFollows) {
    const auto entries = scan(TarBuilder()
                                  .file("before", "")
                                  .pax({{"comment", "git archive"}, {"uid", "77"}, {"mtime", "5"}}, 'g')
                                  .file("a", "")
                                  .pax({{"uid", "78"}})
                                  .file("b", "")
                                  .pax({{"uid", ""}})
                                  .file("c", "")
                                  .end())
                             .entries;
    ASSERT_EQ(entries.size(), 4u);
    EXPECT_EQ(entries[0].uid, 0u);
    EXPECT_EQ(entries[1].uid, 77u);
    EXPECT_EQ(entries[1].mtime_s, 5);
    EXPECT_EQ(entries[2].uid, 78u);
    EXPECT_EQ(entries[2].mtime_s, 5);
    EXPECT_EQ(entries[3].uid, 0u);
    EXPECT_ERROR(TarBuilder().pax({{"path", "etc/passwd"}}, 'g').file("a", "").end(), "global pax header");
    EXPECT_ERROR(TarBuilder().pax({{"size", "0"}}, 'g').file("a", "").end(), "global pax header");
}

TEST(TarReader, BoundsTheMemoryOfAScan) {
    TarBuilder builder;
    for (int i = 0; i < 100; ++i) builder.file("f" + std::to_string(i), "");
    EXPECT_EQ(scan(builder.end()).entries.size(), 100u);
    EXPECT_NE(error_of(builder.end(), {.max_entries = 99}).find("more than 99 members"), std::string::npos);
    EXPECT_NE(error_of(builder.end(), {.max_memory = 10000}).find("more than"), std::string::npos);
}

TEST(TarReader, KeepsDuplicatesAndTwinsInOrder) {
    const auto entries = scan(TarBuilder()
                                  .dir("a")
                                  .add({.name = "a", .type = '2', .link = "/host"})
                                  .file("a/x", "1")
                                  .dir("a")
                                  .file("A", "")
                                  .file("n\xcc\x83", "")
                                  .file("\xc3\xb1", "")
                                  .end())
                             .entries;
    ASSERT_EQ(entries.size(), 7u);
    EXPECT_EQ(entries[1].type, EntryType::symlink);
    EXPECT_EQ(entries[3].type, EntryType::directory);
    EXPECT_NE(entries[5].path, entries[6].path);
}

TEST(TarReader, ReadsTheContentOfMembers) {
    const std::string archive =
        TarBuilder().file("skipped", "aaa").file("f", "hello").dir("d").file("g", "world").end();
    MemorySource source(archive);
    TarReader reader(source);
    reader.next();
    ASSERT_EQ(reader.next()->path, "f");
    char buffer[3];
    EXPECT_EQ(reader.read(buffer), 3u);
    EXPECT_EQ(std::string(buffer, 3), "hel");
    EXPECT_EQ(reader.read(buffer), 2u);
    EXPECT_EQ(reader.read(buffer), 0u);
    EXPECT_EQ(reader.next()->path, "d");
    EXPECT_EQ(reader.read(buffer), 0u);
    EXPECT_EQ(reader.next()->path, "g");
    EXPECT_EQ(reader.read(buffer), 3u);
    EXPECT_FALSE(reader.next()) << "the rest of a member is passed over";
}

TEST(TarReader, ReadsAnArchiveInAnArchive) {
    const std::string inner = TarBuilder().file("f", "hello").end();
    const std::string archive = TarBuilder().file("layer.tar", inner).file("manifest.json", "[]").end();
    MemorySource source(archive);
    TarReader reader(source);
    ASSERT_EQ(reader.next()->path, "layer.tar");
    TarMemberSource member(reader);
    const auto layer = scan_tar(member);
    EXPECT_EQ(layer.blob_size, inner.size());
    EXPECT_EQ(layer.entries.at(0).extents.at(0).blob_offset, 512u) << "relative to the layer";
    EXPECT_EQ(reader.next()->path, "manifest.json");
    EXPECT_FALSE(reader.next());
}

}  // namespace
}  // namespace rpod::image
