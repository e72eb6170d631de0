// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/tar_sparse.hh"

#include <gtest/gtest.h>

#include "base/error.hh"
#include "image/tar_builder.hh"
#include "image/tar_reader.hh"

namespace rpod::image {
namespace {

using test::TarBuilder;

/// The content of the first member, its holes filled; what came behind it is checked to be "last".
std::string first_content(const std::string& archive) {
    MemorySource source(archive);
    TarReader reader(source);
    const auto entry = reader.next();
    EXPECT_TRUE(entry);
    std::string out;
    char buffer[7];
    while (const size_t n = reader.read(buffer)) out.append(buffer, n);
    EXPECT_EQ(out.size(), entry->size);
    for (const auto& e : entry->extents) {
        EXPECT_EQ(out.substr(e.file_offset, e.length), archive.substr(e.blob_offset, e.length));
    }
    const auto last = reader.next();
    EXPECT_TRUE(last && last->path == "last");
    return out;
}

std::string error_of(const std::string& archive) {
    try {
        MemorySource source(archive);
        scan_tar(source);
        return "no error";
    } catch (const Error& e) {
        return e.what();
    }
}

std::string octal(uint64_t value) { return fmt::format("{:011o}", value) + '\0'; }

/// A header of the old GNU format with up to four runs.
auto gnu_sparse(std::vector<std::pair<uint64_t, uint64_t>> runs, uint64_t real_size, bool extended = false) {
    return [=](std::string& block) {
        for (size_t i = 0; i < runs.size(); ++i) {
            TarBuilder::put(block, 386 + 24 * i, 12, octal(runs[i].first));
            TarBuilder::put(block, 398 + 24 * i, 12, octal(runs[i].second));
        }
        block[482] = extended ? '\1' : '\0';
        TarBuilder::put(block, 483, 12, octal(real_size));
    };
}

test::Member sparse_member(std::string data) {
    return {.name = "s", .type = 'S', .data = std::move(data), .magic = TarBuilder::kGnu};
}

TEST(TarSparse, ReadsTheOldGnuFormat) {
    const std::string archive = TarBuilder()
                                    .add(sparse_member("abcdef"), gnu_sparse({{2, 3}, {10, 3}, {20, 0}}, 20))
                                    .file("last", "")
                                    .end();
    EXPECT_EQ(first_content(archive), std::string("\0\0abc\0\0\0\0\0def\0\0\0\0\0\0\0", 20));
    EXPECT_EQ(first_content(TarBuilder().add(sparse_member(""), gnu_sparse({}, 5)).file("last", "").end()),
              std::string(5, '\0'));
}

TEST(TarSparse, ReadsGnuExtensionBlocks) {
    // Runs of one byte at 0, 10, 20, …: four in the header, 21 in the first extension, two in the second.
    std::vector<std::pair<uint64_t, uint64_t>> runs;
    std::string data;
    std::string whole(300, '\0');
    for (uint64_t i = 0; i < 27; ++i) {
        runs.emplace_back(10 * i, 1);
        data += static_cast<char>('a' + i % 26);
        whole[10 * i] = data.back();
    }
    const auto extension = [&](size_t from, size_t count, bool more) {
        std::string block(512, '\0');
        for (size_t i = 0; i < count; ++i) {
            TarBuilder::put(block, 24 * i, 12, octal(runs[from + i].first));
            TarBuilder::put(block, 24 * i + 12, 12, octal(runs[from + i].second));
        }
        block[504] = more ? '\1' : '\0';
        return block;
    };
    auto member = sparse_member("");
    member.size = static_cast<int64_t>(data.size());
    const std::string archive = TarBuilder()
                                    .add(member, gnu_sparse({runs.begin(), runs.begin() + 4}, 300, true))
                                    .raw(extension(4, 21, true))
                                    .raw(extension(25, 2, false))
                                    .raw(data)
                                    .file("last", "")
                                    .end();
    EXPECT_EQ(first_content(archive), whole);
}

TEST(TarSparse, ReadsThePaxFormats) {
    const std::string whole("\0\0abc\0\0\0\0\0def\0\0\0\0\0\0\0", 20);
    const std::string v00 = TarBuilder()
                                .pax({{"GNU.sparse.size", "20"},
                                      {"GNU.sparse.numblocks", "2"},
                                      {"GNU.sparse.offset", "2"},
                                      {"GNU.sparse.numbytes", "3"},
                                      {"GNU.sparse.offset", "10"},
                                      {"GNU.sparse.numbytes", "3"}})
                                .file("s", "abcdef")
                                .file("last", "")
                                .end();
    EXPECT_EQ(first_content(v00), whole);
    const std::string v01 = TarBuilder()
                                .pax({{"GNU.sparse.size", "20"},
                                      {"GNU.sparse.numblocks", "2"},
                                      {"GNU.sparse.name", "real"},
                                      {"GNU.sparse.map", "2,3,10,3"}})
                                .file("GNUSparseFile.1/s", "abcdef")
                                .file("last", "")
                                .end();
    EXPECT_EQ(first_content(v01), whole);
    std::string map = "2\n2\n3\n10\n3\n";
    map.resize(512, '\0');
    const std::vector<std::pair<std::string, std::string>> v10 = {{"GNU.sparse.major", "1"},
                                                                  {"GNU.sparse.minor", "0"},
                                                                  {"GNU.sparse.name", "real"},
                                                                  {"GNU.sparse.realsize", "20"}};
    const std::string archive =
        TarBuilder().pax(v10).file("GNUSparseFile.1/s", map + "abcdef").file("last", "").end();
    EXPECT_EQ(first_content(archive), whole);
    MemorySource source(archive);
    EXPECT_EQ(TarReader(source).next()->path, "real");
}

TEST(TarSparse, RefusesMapsThatDoNotFit) {
    const auto gnu = [](std::vector<std::pair<uint64_t, uint64_t>> runs, uint64_t real_size) {
        return error_of(
            TarBuilder().add(sparse_member("abcdef"), gnu_sparse(std::move(runs), real_size)).end());
    };
    EXPECT_EQ(gnu({{0, 3}, {10, 3}}, 13), "no error");
    for (const auto& error :
         {gnu({{0, 3}, {2, 3}}, 13), gnu({{10, 3}, {0, 3}}, 13), gnu({{0, 3}, {10, 3}}, 12),
          gnu({{0, 3}}, 13), gnu({{0, 7}}, 13), gnu({{077777777777, 6}}, 13), gnu({}, 13)}) {
        EXPECT_NE(error.find("sparse map"), std::string::npos) << error;
    }
    const auto pax = [](std::string map, std::string size, std::string blocks = "1") {
        return error_of(
            TarBuilder()
                .pax({{"GNU.sparse.size", size}, {"GNU.sparse.numblocks", blocks}, {"GNU.sparse.map", map}})
                .file("s", "abc")
                .end());
    };
    EXPECT_EQ(pax("5,3", "8"), "no error");
    EXPECT_NE(pax("5,3", "7"), "no error");
    EXPECT_NE(pax("5,3", "8", "2"), "no error");
    EXPECT_NE(pax("5", "8"), "no error");
    EXPECT_NE(pax("9223372036854775807,9223372036854775807", "9223372036854775807"), "no error");
    const auto in_data = [](std::string map) {
        map.resize((map.size() + 511) / 512 * 512, '\0');
        return error_of(
            TarBuilder()
                .pax({{"GNU.sparse.major", "1"}, {"GNU.sparse.minor", "0"}, {"GNU.sparse.realsize", "8"}})
                .file("s", map + "abc")
                .end());
    };
    EXPECT_EQ(in_data("1\n5\n3\n"), "no error");
    for (const char* map : {"", "1\n5\n", "2\n5\n3\n", "-1\n", "x\n", "99999999999999999999\n", "1\n5\n4\n",
                            "1000000\n0\n0\n"}) {
        EXPECT_NE(in_data(map), "no error") << map;
    }
    EXPECT_NE(
        error_of(
            TarBuilder()
                .pax({{"GNU.sparse.major", "2"}, {"GNU.sparse.minor", "0"}, {"GNU.sparse.realsize", "8"}})
                .file("s", "abc")
                .end())
            .find("unknown version"),
        std::string::npos);
}

TEST(TarSparse, BoundsTheNumberOfRuns) {
    PaxRecords::Sparse sparse;
    for (uint64_t i = 0; i < (1 << 20) + 1; ++i) {
        sparse.map.push_back(2 * i);
        sparse.map.push_back(1);
    }
    EXPECT_THROW(pax_sparse_map(sparse), Error);
}

}  // namespace
}  // namespace rpod::image
