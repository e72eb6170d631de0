// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/layer.hh"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.hh"
#include "image/sha256.hh"
#include "image/tar_builder.hh"
#include "sys/file.hh"

namespace rpod::image {
namespace {

using test::TarBuilder;

/// A file without a name.
sys::Fd scratch_file() { return sys::open_file(testing::TempDir(), O_RDWR | O_TMPFILE, 0600); }

std::string content(int fd) {
    EXPECT_EQ(::lseek(fd, 0, SEEK_SET), 0);
    return sys::read_all(fd, "the blob");
}

std::string error_of(const std::string& bytes, const LayerExpectation& expected = {}) {
    try {
        const sys::Fd fd = scratch_file();
        MemorySource source(bytes);
        write_layer(source, fd.get(), expected);
        return "no error";
    } catch (const Error& e) {
        return e.what();
    }
}

/// Bytes that do not compress, the same in each run.
std::string noise(size_t size, uint32_t seed = 1) {
    std::string out(size, '\0');
    for (char& c : out) c = static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24);
    return out;
}

TEST(Layer, IsWrittenAsItIs) {
    const std::string archive = TarBuilder().dir("d").file("d/f", noise(1'000'000)).file("g", "x").end();
    const sys::Fd fd = scratch_file();
    MemorySource source(archive);
    const WrittenLayer layer = write_layer(
        source, fd.get(), {.digest = sha256(archive), .size = archive.size(), .diff_id = sha256(archive)});
    EXPECT_EQ(layer.diff_id, sha256(archive));
    EXPECT_EQ(layer.source_digest, sha256(archive));
    EXPECT_EQ(layer.size, archive.size());
    EXPECT_EQ(layer.compression, Compression::none);
    EXPECT_EQ(layer.scan.entries.size(), 3u);
    EXPECT_EQ(content(fd.get()), archive);

    const auto again = scan_layer_file(fd.get(), "the blob");
    ASSERT_EQ(again.entries.size(), 3u);
    EXPECT_EQ(again.blob_size, layer.scan.blob_size);
    EXPECT_EQ(again.entries[2].extents[0].blob_offset, layer.scan.entries[2].extents[0].blob_offset);
}

TEST(Layer, KeepsZerosAsHoles) {
    const std::string zeros(8 << 20, '\0');
    const std::string archive =
        TarBuilder().file("a", noise(100'000)).file("zeros", zeros).file("b", noise(5000)).end() +
        std::string(1 << 20, '\0');
    const sys::Fd fd = scratch_file();
    MemorySource source(archive);
    EXPECT_EQ(write_layer(source, fd.get()).diff_id, sha256(archive));
    EXPECT_EQ(content(fd.get()), archive);
    struct stat st {};
    ASSERT_EQ(::fstat(fd.get(), &st), 0);
    EXPECT_LT(st.st_blocks * 512, 1 << 20);
}

TEST(Layer, IsCheckedAgainstWhatWasAnnounced) {
    const std::string archive = TarBuilder().file("f", "x").end();
    const oci::Digest other = sha256("other");
    EXPECT_NE(error_of(archive, {.digest = other}).find("digest of the layer is " + sha256(archive).str()),
              std::string::npos);
    EXPECT_NE(error_of(archive, {.diff_id = other}).find("diff ID of the layer"), std::string::npos);
    EXPECT_NE(error_of(archive, {.size = archive.size() - 1}).find("larger than the"), std::string::npos);
    EXPECT_NE(error_of(archive, {.size = archive.size() + 1}).find("instead of the"), std::string::npos);
    EXPECT_NE(error_of(archive, {.max_size = archive.size() - 1}).find("larger than the"), std::string::npos);
    EXPECT_EQ(error_of(archive, {.size = archive.size(), .max_size = archive.size()}), "no error");
}

TEST(Layer, FailsCleanlyForAMalformedArchive) {
    EXPECT_NE(error_of("hello").find("truncated"), std::string::npos);
    EXPECT_NE(error_of(noise(1'000'000)).find("not a tar archive"), std::string::npos);
    // The scanner fails early, while the ring is full of what follows.
    EXPECT_NE(error_of(noise(20'000'000)).find("not a tar archive"), std::string::npos);
    const std::string archive = TarBuilder().file("f", noise(5'000'000)).text();
    EXPECT_NE(error_of(archive.substr(0, 3'000'000)).find("truncated"), std::string::npos);
}

TEST(Layer, SaysWhatAFullDiskLacks) {
    const sys::Fd full = sys::open_file("/dev/full", O_RDWR);
    const std::string archive = TarBuilder().file("f", noise(10'000'000)).end();
    for (const bool known : {true, false}) {
        MemorySource source(archive);
        try {
            LayerExpectation expected;
            if (known) expected.size = archive.size();
            write_layer(source, full.get(), expected);
            FAIL();
        } catch (const SysError& e) {
            EXPECT_TRUE(e.is(ENOSPC));
            const std::string text = e.what();
            EXPECT_NE(text.find(known ? "0 of 10001920 bytes are written and" : "0 bytes are written and"),
                      std::string::npos)
                << text;
        }
    }
}

TEST(Layer, PassesOnTheErrorOfItsSource) {
    struct Failing : ByteSource {
        size_t left = 1 << 20;
        size_t read(std::span<char> into) override {
            if (left == 0) throw Error("the line is dead");
            const size_t n = std::min(left, into.size());
            std::fill_n(into.begin(), n, '\0');
            left -= n;
            return n;
        }
    } source;
    const sys::Fd fd = scratch_file();
    try {
        write_layer(source, fd.get());
        FAIL();
    } catch (const Error& e) {
        EXPECT_STREQ(e.what(), "the line is dead");
    }
}

TEST(Layer, ReadsFromAPipeInSmallPieces) {
    struct Trickle : ByteSource {
        std::string_view rest;
        size_t step = 1;
        size_t read(std::span<char> into) override {
            step = step * 7 % 4096 + 1;
            const size_t n = rest.copy(into.data(), std::min(into.size(), step));
            rest.remove_prefix(n);
            return n;
        }
    } source;
    const std::string archive = TarBuilder().file("f", noise(700'000)).end();
    source.rest = archive;
    const sys::Fd fd = scratch_file();
    EXPECT_EQ(write_layer(source, fd.get()).diff_id, sha256(archive));
}

TEST(ScanLayerFile, NamesTheFile) {
    const sys::Fd fd = sys::open_file("/proc/self/exe", O_RDONLY);
    try {
        scan_layer_file(fd.get(), "layer 'x'");
        FAIL();
    } catch (const Error& e) {
        EXPECT_STREQ(e.what(), "scan layer 'x': tar header at offset 0: this is not a tar archive");
    }
}

}  // namespace
}  // namespace rpod::image
