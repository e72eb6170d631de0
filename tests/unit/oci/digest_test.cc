// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "oci/digest.hh"

#include <gtest/gtest.h>

#include <unordered_set>

#include "base/error.hh"

namespace rpod::oci {
namespace {

const std::string kHex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(Digest, RoundTrips) {
    const auto digest = Digest::parse("sha256:" + kHex);
    EXPECT_EQ(digest.str(), "sha256:" + kHex);
    EXPECT_EQ(digest.hex(), kHex);
    EXPECT_EQ(digest.short_hex(), "e3b0c44298fc");
    EXPECT_EQ(digest, Digest::from_hex(kHex));
    EXPECT_EQ(digest.bytes()[0], 0xe3);
    EXPECT_EQ(Digest(digest.bytes()), digest);
}

TEST(Digest, ComparesAndHashes) {
    const auto a = Digest::parse("sha256:" + kHex);
    const auto b = Digest::parse("sha256:0" + kHex.substr(1));
    EXPECT_NE(a, b);
    EXPECT_LT(b, a);
    EXPECT_EQ((std::unordered_set<Digest>{a, b, a}).size(), 2u);
}

TEST(Digest, RefusesWhatCouldNameAnotherFile) {
    const std::string upper = "E3" + kHex.substr(2);
    const std::string dots = "../../../../" + std::string(52, 'a');
    for (const std::string& text :
         {std::string{}, std::string("sha256"), std::string("sha256:"), kHex, "sha256:" + kHex.substr(1),
          "sha256:" + kHex + "0", "sha256:" + upper, "sha256:" + dots, std::string("sha256:../../x"),
          "SHA256:" + kHex, "sha512:" + kHex + kHex, "sha256-" + kHex, " sha256:" + kHex,
          "sha256:" + kHex + "\n", "sha256:" + kHex.substr(1) + std::string(1, '\0'),
          "sha256:" + kHex.substr(1) + "/", "md5:" + kHex.substr(32)}) {
        EXPECT_FALSE(Digest::try_parse(text)) << text;
        EXPECT_THROW(Digest::parse(text), Error) << text;
    }
}

TEST(Digest, QuotesForeignTextSafely) {
    try {
        Digest::parse("sha256:\x1b[2J" + std::string(100000, 'x'));
        FAIL();
    } catch (const Error& e) {
        const std::string text = e.what();
        EXPECT_NE(text.find("\\x1b[2J"), std::string::npos);
        EXPECT_LT(text.size(), 300u);
    }
}

}  // namespace
}  // namespace rpod::oci
