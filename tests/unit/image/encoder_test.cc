// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/encoder.hh"

#include <gtest/gtest.h>

#include <vector>

#include "base/error.hh"

namespace rpod::image {
namespace {

std::string read_all(ByteSource& source) {
    std::string out;
    std::vector<char> buffer(1000);
    while (const size_t n = source.read(buffer)) out.append(buffer.data(), n);
    return out;
}

std::string compressed(std::string_view text, Compression compression, std::optional<int> level = {}) {
    MemorySource source(text);
    return read_all(*open_compressor(source, compression, level));
}

TEST(Encoder, GivesWhatTheDecoderReads) {
    std::string text;
    for (int i = 0; i < 200'000; ++i) text += static_cast<char>('a' + int64_t{i} * i % 23);
    for (const std::string& plain : {text, std::string(), std::string("x")}) {
        for (const auto compression : {Compression::none, Compression::gzip, Compression::zstd}) {
            const std::string packed = compressed(plain, compression);
            if (!plain.empty()) {
                EXPECT_EQ(detect_compression(packed.substr(0, 6)), compression);
            }
            MemorySource source(packed);
            EXPECT_EQ(read_all(*open_decompressor(source, compression)), plain);
            EXPECT_EQ(packed, compressed(plain, compression)) << "the same each time";
        }
    }
    EXPECT_LT(compressed(text, Compression::gzip, 9).size(),
              compressed(text, Compression::gzip, 1).size() + 1);
}

TEST(Encoder, RefusesLevelsAndFormatsThatAreNone) {
    EXPECT_THROW(compressed("x", Compression::gzip, 10), Error);
    EXPECT_THROW(compressed("x", Compression::zstd, 0), Error);
    EXPECT_THROW(compressed("x", Compression::xz), Error);
}

}  // namespace
}  // namespace rpod::image
