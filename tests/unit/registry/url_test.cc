// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "registry/url.hh"

#include <gtest/gtest.h>

namespace rpod::registry {
namespace {

TEST(Url, HasItsParts) {
    const auto url = Url::parse("HTTPS://Example.COM:8443/v2/?a=b#c");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->host, "example.com");
    EXPECT_EQ(url->port, 8443);
    EXPECT_EQ(url->target, "/v2/?a=b");
    EXPECT_EQ(url->str(), "https://example.com:8443/v2/?a=b");
    EXPECT_EQ(url->without_query(), "https://example.com:8443/v2/");
    EXPECT_EQ(Url::parse("http://[::1]:80")->str(), "http://[::1]/");
}

TEST(Url, RefusesWhatProgramsReadDifferently) {
    for (const char* text :
         {"", "example.com", "ftp://a/", "file:///etc/passwd", "https://", "https:///x",
          "https://user:secret@host/", "https://host@evil/", "https://a\\@b/", "https://a b/",
          "https://host:0/", "https://host:65536/", "https://host:1x/", "https://a/\r\nX: y"}) {
        EXPECT_FALSE(Url::parse(text)) << text;
    }
}

TEST(Url, ResolvesLocations) {
    const auto base = *Url::parse("https://host/v2/x/blobs/1?s=2");
    EXPECT_EQ(base.resolve("https://other:1/a")->str(), "https://other:1/a");
    EXPECT_EQ(base.resolve("//other/a")->str(), "https://other/a");
    EXPECT_EQ(base.resolve("/a?b=http://c")->str(), "https://host/a?b=http://c");
    EXPECT_EQ(base.resolve("2")->str(), "https://host/v2/x/blobs/2");
    EXPECT_EQ(base.resolve("?q")->str(), "https://host/v2/x/blobs/1?q");
    EXPECT_FALSE(base.resolve("javascript:alert(1)"));
    EXPECT_FALSE(base.resolve("//user@other/a"));
}

TEST(Url, KnowsItsOrigin) {
    const auto base = *Url::parse("https://host/a");
    EXPECT_TRUE(base.same_origin(*Url::parse("https://HOST:443/b")));
    EXPECT_FALSE(base.same_origin(*Url::parse("http://host/a")));
    EXPECT_FALSE(base.same_origin(*Url::parse("https://host:444/a")));
    EXPECT_FALSE(base.same_origin(*Url::parse("https://host.evil/a")));
}

TEST(Url, EncodesForQueries) { EXPECT_EQ(percent_encode("a/b:c d~"), "a%2fb%3ac%20d~"); }

}  // namespace
}  // namespace rpod::registry
