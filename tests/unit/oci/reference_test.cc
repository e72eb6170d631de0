// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "oci/reference.hh"

#include <gtest/gtest.h>

#include "base/error.hh"

namespace rpod::oci {
namespace {

constexpr const char* kDigest = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

TEST(Reference, ShortNamesBelongToDockerHub) {
    EXPECT_EQ(Reference::parse("debian").str(), "docker.io/library/debian");
    EXPECT_EQ(Reference::parse("a/b:1").str(), "docker.io/a/b:1");
    EXPECT_EQ(Reference::parse("index.docker.io/debian").str(), "docker.io/library/debian");
    EXPECT_EQ(Reference::parse("docker.io/debian").str(), "docker.io/library/debian");
    EXPECT_EQ(Reference::parse("debian").with_default_tag().str(), "docker.io/library/debian:latest");
}

TEST(Reference, LocalNamesBelongToLocalhost) {
    EXPECT_EQ(Reference::parse_local("bb:1").str(), "localhost/bb:1");
    EXPECT_EQ(Reference::parse_local("a/b").str(), "localhost/a/b");
    EXPECT_EQ(Reference::parse_local("quay.io/b").str(), "quay.io/b");
}

TEST(Reference, TellsRegistriesFromUsers) {
    EXPECT_EQ(Reference::parse("localhost/x").domain(), "localhost");
    EXPECT_EQ(Reference::parse("h:5000/x").domain(), "h:5000");
    EXPECT_EQ(Reference::parse("[::1]:5000/x/y:t").repository(), "[::1]:5000/x/y");
    EXPECT_EQ(Reference::parse("foo/x").domain(), "docker.io");
    EXPECT_EQ(Reference::parse("Foo/x").domain(), "Foo");
    EXPECT_EQ(Reference::parse("h:5000").str(), "docker.io/library/h:5000");
    EXPECT_TRUE(Reference::names_domain("quay.io/x"));
    EXPECT_FALSE(Reference::names_domain("x/y:1"));
}

TEST(Reference, TakesTagAndDigest) {
    const auto ref = Reference::parse(std::string("q.io/x:t@") + kDigest);
    EXPECT_EQ(*ref.tag(), "t");
    EXPECT_EQ(ref.digest()->str(), kDigest);
    EXPECT_EQ(ref.str(), std::string("q.io/x:t@") + kDigest);
    EXPECT_EQ(ref.with_tag("u").str(), "q.io/x:u");
    EXPECT_EQ(ref.with_digest(*ref.digest()).str(), std::string("q.io/x@") + kDigest);
}

TEST(Reference, RefusesWhatTheGrammarRefuses) {
    for (const char* text : {"",
                             "/",
                             ":1",
                             "a//b",
                             "a/",
                             "/a",
                             "A",
                             "a:b:c",
                             "a@sha256:12",
                             "a:",
                             "a:-x",
                             "-a",
                             "a-",
                             "a..b",
                             "a___b",
                             "a._b",
                             "../x",
                             "a/../b",
                             "q.io/../x",
                             "q.io:/x",
                             "q..io/x",
                             "[::1/x",
                             "[x]/y",
                             "a b",
                             "a\nb",
                             "a@b@c",
                             "a\xff",
                             "sha256:../../etc",
                             "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}) {
        EXPECT_FALSE(Reference::try_parse(text)) << text;
    }
    EXPECT_TRUE(Reference::try_parse("a---b__c.d"));
}

TEST(Reference, LimitsLength) {
    EXPECT_TRUE(Reference::try_parse("q.io/" + std::string(250, 'a')));
    EXPECT_FALSE(Reference::try_parse("q.io/" + std::string(251, 'a')));
    EXPECT_TRUE(Reference::try_parse("a:" + std::string(128, 't')));
    EXPECT_FALSE(Reference::try_parse("a:" + std::string(129, 't')));
}

TEST(Reference, ErrorsQuoteTheName) {
    try {
        Reference::parse("Debian");
        FAIL();
    } catch (const Error& e) {
        EXPECT_STREQ(e.what(), "invalid image name 'Debian': repository name must be lowercase");
    }
}

}  // namespace
}  // namespace rpod::oci
