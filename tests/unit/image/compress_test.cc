// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/compress.hh"

#include <bzlib.h>
#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <functional>

#include "base/error.hh"

namespace rpod::image {
namespace {

std::string gzip(const std::string& text, int level = 6) {
    z_stream z{};
    deflateInit2(&z, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&z, text.size()) + 64, '\0');
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    z.avail_in = static_cast<uInt>(text.size());
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
    out.resize(z.total_out);
    deflateEnd(&z);
    return out;
}

std::string zstd(const std::string& text) {
    std::string out(ZSTD_compressBound(text.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
    return out;
}

std::string xz(const std::string& text) {
    std::string out(lzma_stream_buffer_bound(text.size()), '\0');
    size_t used = 0;
    EXPECT_EQ(
        lzma_easy_buffer_encode(0, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const uint8_t*>(text.data()),
                                text.size(), reinterpret_cast<uint8_t*>(out.data()), &used, out.size()),
        LZMA_OK);
    out.resize(used);
    return out;
}

std::string bzip2(const std::string& text) {
    std::string out(text.size() + text.size() / 50 + 1000, '\0');
    auto used = static_cast<unsigned>(out.size());
    EXPECT_EQ(BZ2_bzBuffToBuffCompress(out.data(), &used, const_cast<char*>(text.data()),
                                       static_cast<unsigned>(text.size()), 1, 0, 0),
              BZ_OK);
    out.resize(used);
    return out;
}

/// A source that gives at most `step` bytes at once.
struct Stepping : ByteSource {
    Stepping(std::string_view bytes, size_t most) : rest(bytes), step(most) {}
    size_t read(std::span<char> into) override {
        const size_t n = rest.copy(into.data(), std::min(into.size(), step));
        rest.remove_prefix(n);
        return n;
    }
    std::string_view rest;
    size_t step;
};

std::string decompress(const std::string& bytes, uint64_t max_output = UINT64_MAX, size_t in_step = SIZE_MAX,
                       size_t out_step = 100'000) {
    Stepping source(bytes, in_step);
    PeekSource peek(source);
    const auto decoder = open_decompressor(peek, detect_compression(peek.start()), max_output);
    std::string out;
    std::string buffer(out_step, '\0');
    while (const size_t n = decoder->read(buffer)) out.append(buffer, 0, n);
    EXPECT_EQ(decoder->read(buffer), 0u) << "the end stays the end";
    return out;
}

std::string error_of(const std::string& bytes, uint64_t max_output = UINT64_MAX) {
    try {
        decompress(bytes, max_output);
        return "no error";
    } catch (const Error& e) {
        return e.what();
    }
}

/// Text that compresses a little.
std::string sample(size_t size) {
    std::string out;
    uint32_t seed = 1;
    while (out.size() < size) {
        seed = seed * 1664525 + 1013904223;
        out += std::to_string(seed >> 20) + (seed & 64 ? " word" : "\n");
    }
    out.resize(size);
    return out;
}

struct Format {
    const char* name;
    Compression compression;
    std::string (*compress)(const std::string&);
};

class EachFormat : public testing::TestWithParam<Format> {};

std::string gzip_default(const std::string& text) { return gzip(text); }
std::string name_of(const testing::TestParamInfo<Format>& format) { return format.param.name; }

INSTANTIATE_TEST_SUITE_P(, EachFormat,
                         testing::Values(Format{"gzip", Compression::gzip, gzip_default},
                                         Format{"zstd", Compression::zstd, zstd},
                                         Format{"xz", Compression::xz, xz},
                                         Format{"bzip2", Compression::bzip2, bzip2}),
                         name_of);

TEST_P(EachFormat, IsFoundByItsFirstBytes) {
    const std::string bytes = GetParam().compress("x");
    EXPECT_EQ(detect_compression(bytes), GetParam().compression);
    EXPECT_EQ(detect_compression(bytes.substr(0, kCompressionMagic)), GetParam().compression);
    EXPECT_EQ(to_string(GetParam().compression), GetParam().name);
}

TEST_P(EachFormat, RoundTrips) {
    for (const size_t size : {size_t{0}, size_t{1}, size_t{1000}, size_t{3'000'000}}) {
        const std::string text = sample(size);
        const std::string bytes = GetParam().compress(text);
        EXPECT_EQ(decompress(bytes), text);
        EXPECT_EQ(decompress(bytes, size), text);
        if (size <= 1000) {
            for (const size_t step : {1, 2, 7}) {
                EXPECT_EQ(decompress(bytes, size, step, 100'000), text);
                EXPECT_EQ(decompress(bytes, size, step, step), text);
            }
        }
    }
}

TEST_P(EachFormat, JoinsStreamsThatFollowEachOther) {
    const std::string empty = GetParam().compress("");
    const std::string bytes = GetParam().compress("one ") + empty + GetParam().compress("two ") + empty +
                              empty + GetParam().compress(sample(100'000));
    const std::string text = "one two " + sample(100'000);
    EXPECT_EQ(decompress(bytes), text);
    for (const size_t step : {1, 3, 5, 11}) EXPECT_EQ(decompress(bytes, UINT64_MAX, step), text) << step;
}

TEST_P(EachFormat, RefusesWhatFollows) {
    const std::string bytes = GetParam().compress(sample(10'000));
    for (const std::string& tail : {std::string("garbage that is long enough"), std::string("g"),
                                    std::string(1, '\0'), std::string(2000, '\1'), bytes.substr(0, 10)}) {
        EXPECT_NE(error_of(bytes + tail), "no error") << tail;
    }
}

TEST_P(EachFormat, SaysThatAStreamIsTruncated) {
    const std::string bytes = GetParam().compress(sample(10'000));
    for (size_t size = kCompressionMagic; size < bytes.size();
         size += size < 64 || size + 64 > bytes.size() ? 1 : 101) {
        EXPECT_NE(error_of(bytes.substr(0, size)).find("truncated"), std::string::npos)
            << size << ": " << error_of(bytes.substr(0, size));
    }
}

TEST_P(EachFormat, NoticesEveryFlippedByte) {
    const std::string text = sample(700);
    const std::string bytes = GetParam().compress(text);
    size_t silent = 0;
    for (size_t i = kCompressionMagic; i < bytes.size(); ++i) {
        std::string spoiled = bytes;
        spoiled[i] = static_cast<char>(spoiled[i] ^ 0x55);
        try {
            if (decompress(spoiled, 1 << 20) != text) ++silent;
        } catch (const Error&) {
        }
    }
    // zstd's simple interface writes no checksum; the layer's digest is what counts there.
    if (GetParam().compression != Compression::zstd) {
        EXPECT_EQ(silent, 0u);
    }
}

TEST_P(EachFormat, StopsABomb) {
    const std::string bytes = GetParam().compress(std::string(50 << 20, '\0'));
    EXPECT_LT(bytes.size(), 1u << 20);
    EXPECT_NE(error_of(bytes, 1 << 20).find("more than the 1048576 bytes allowed"), std::string::npos);
}

TEST(Compression, LeavesTheRestAlone) {
    for (const std::string& text :
         {std::string{}, std::string("B"), std::string("BZh"), std::string("BZh0"), std::string("\x1f"),
          std::string("plain text that is long"), std::string(2000, '\0'), std::string("\x28\xb5\x2f")}) {
        EXPECT_EQ(detect_compression(text), Compression::none);
        EXPECT_EQ(decompress(text), text);
        EXPECT_EQ(decompress(text, text.size(), 1), text);
    }
    EXPECT_NE(error_of(std::string(1000, 'x'), 999).find("larger than allowed"), std::string::npos);
}

TEST(Gzip, ReadsHeadersWithAllParts) {
    const std::string plain = gzip("text");
    std::string header = plain.substr(0, 10);
    header[3] = 4 | 8 | 16;
    header += std::string("\5\0extra", 7) + std::string("file name\0", 10) + std::string("comment\0", 8);
    const std::string rest = plain.substr(10);
    for (const size_t step : {size_t{1}, size_t{3}, SIZE_MAX}) {
        EXPECT_EQ(decompress(header + rest, UINT64_MAX, step), "text");
    }
    std::string checked = header;
    checked[3] |= 2;
    const uLong crc =
        crc32(0, reinterpret_cast<const Bytef*>(checked.data()), static_cast<uInt>(checked.size()));
    checked += {static_cast<char>(crc), static_cast<char>(crc >> 8)};
    EXPECT_EQ(decompress(checked + rest, UINT64_MAX, 1), "text");
    EXPECT_EQ(decompress(checked + rest + checked + rest, UINT64_MAX, 5), "texttext");
    checked[12] ^= 1;
    EXPECT_NE(error_of(checked + rest).find("checksum of a header"), std::string::npos);
    std::string reserved = plain;
    reserved[3] = '\x20';
    EXPECT_NE(error_of(reserved).find("unknown flags"), std::string::npos);
    std::string empty_extra = plain.substr(0, 10) + std::string(2, '\0') + rest;
    empty_extra[3] = 4;
    EXPECT_EQ(decompress(empty_extra), "text");
}

TEST(Gzip, ChecksSizeAndChecksum) {
    const std::string bytes = gzip(sample(5000));
    for (size_t back = 1; back <= 8; ++back) {
        std::string spoiled = bytes;
        spoiled[bytes.size() - back] ^= 1;
        EXPECT_NE(error_of(spoiled).find("checksum of the data"), std::string::npos);
    }
    EXPECT_EQ(decompress(gzip(sample(500'000), 0)), sample(500'000)) << "stored blocks";
}

TEST(Zstd, PassesOverSkippableFrames) {
    const std::string skip = std::string("\x53\x2a\x4d\x18\x05\0\0\0", 8) + "hello";
    const std::string bytes = skip + zstd("a") + skip + zstd("b") + skip;
    EXPECT_EQ(detect_compression(bytes), Compression::zstd);
    for (const size_t step : {size_t{1}, size_t{4}, SIZE_MAX})
        EXPECT_EQ(decompress(bytes, UINT64_MAX, step), "ab");
    EXPECT_NE(error_of(bytes.substr(0, bytes.size() - 1)).find("truncated"), std::string::npos);
}

TEST(Zstd, BoundsTheWindow) {
    // A frame header that asks for a window of 2 GiB: descriptor 0, window exponent 21 (+10).
    const std::string bytes =
        std::string("\x28\xb5\x2f\xfd\0", 5) + static_cast<char>(21 << 3) + std::string("\1\0\0", 3);
    EXPECT_NE(error_of(bytes).find("zstd stream: "), std::string::npos);
    EXPECT_EQ(error_of(bytes).find("truncated"), std::string::npos);
}

TEST(Xz, AcceptsPaddingBetweenStreams) {
    EXPECT_EQ(decompress(xz("a") + std::string(8, '\0') + xz("b") + std::string(4, '\0')), "ab");
    EXPECT_NE(error_of(xz("a") + std::string(3, '\0')), "no error");
}

}  // namespace
}  // namespace rpod::image
