// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "registry/registries_conf.hh"

#include <gtest/gtest.h>

#include "base/error.hh"

namespace rpod::registry {
namespace {

RegistriesConf conf_of(std::string_view text) {
    RegistriesConf conf;
    conf.add(text, "registries.conf");
    return conf;
}

std::vector<std::string> resolved(const RegistriesConf& conf, std::string_view name) {
    std::vector<std::string> out;
    for (const auto& reference : conf.resolve(name)) out.push_back(reference.str());
    return out;
}

std::vector<std::string> places(const RegistriesConf& conf, std::string_view name) {
    std::vector<std::string> out;
    for (const auto& place : conf.places(oci::Reference::parse(name))) {
        out.push_back(place.name.str() + (place.insecure ? " insecure" : ""));
    }
    return out;
}

using Names = std::vector<std::string>;

TEST(RegistriesConf, WithoutAFileShortNamesAreDockers) {
    EXPECT_EQ(resolved(RegistriesConf(), "debian:12"), Names{"docker.io/library/debian:12"});
    EXPECT_EQ(places(RegistriesConf(), "quay.io/a/b:1"), Names{"quay.io/a/b:1"});
}

TEST(RegistriesConf, ResolvesShortNames) {
    const auto one = conf_of(
        "unqualified-search-registries = [\"quay.io\"]\n[aliases]\n\"deb\" = \"docker.io/library/debian\"\n");
    EXPECT_EQ(resolved(one, "x/y:1"), Names{"quay.io/x/y:1"});
    EXPECT_EQ(resolved(one, "deb:12"), Names{"docker.io/library/debian:12"});
    EXPECT_EQ(resolved(one, "localhost:5000/deb"), Names{"localhost:5000/deb"});

    const std::string two = "unqualified-search-registries = [\"quay.io\", \"docker.io\"]\n";
    EXPECT_THROW(conf_of(two).resolve("x"), Error);
    EXPECT_EQ(resolved(conf_of(two + "short-name-mode = \"permissive\"\n"), "x"),
              (Names{"quay.io/x", "docker.io/library/x"}));
    EXPECT_THROW(conf_of("unqualified-search-registries = []").resolve("x"), Error);
    EXPECT_THROW(conf_of("unqualified-search-registries = [\"a b\"]").resolve("x"), Error);
}

TEST(RegistriesConf, TheLongestPrefixCounts) {
    const auto conf = conf_of(R"(
[[registry]]
prefix = "example.com/team"
location = "inner.example/other"
insecure = true
[[registry]]
location = "example.com"
blocked = true
[[registry]]
prefix = "*.wild.example"
location = "inner.example/wild"
)");
    EXPECT_EQ(places(conf, "example.com/team/x:1"), Names{"inner.example/other/x:1 insecure"});
    EXPECT_EQ(places(conf, "example.com/team:1"), Names{"inner.example/other:1 insecure"});
    EXPECT_THROW(conf.places(oci::Reference::parse("example.com/teams/x")), Error);
    EXPECT_EQ(places(conf, "a.b.wild.example/x"), Names{"inner.example/wild/x"});
    EXPECT_EQ(places(conf, "wild.example/x"), Names{"wild.example/x"});
    EXPECT_EQ(places(conf, "example.community/x"), Names{"example.community/x"});
}

TEST(RegistriesConf, MirrorsComeFirst) {
    const auto conf = conf_of(R"(
[[registry]]
location = "example.com"
[[registry.mirror]]
location = "first.example/cache"
insecure = true
[[registry.mirror]]
location = "second.example"
pull-from-mirror = "digest-only"
)");
    EXPECT_EQ(places(conf, "example.com/x:1"),
              (Names{"first.example/cache/x:1 insecure", "example.com/x:1"}));
    const std::string digest = "@sha256:" + std::string(64, 'a');
    EXPECT_EQ(places(conf, "example.com/x" + digest).size(), 3U);
}

TEST(RegistriesConf, LaterFilesReplaceEarlierOnes) {
    auto conf = conf_of(
        "[[registry]]\nlocation = \"a.example\"\nblocked = true\n[aliases]\n\"x\" = \"a.example/x\"\n");
    conf.add("[[registry]]\nlocation = \"a.example\"\n[aliases]\n\"x\" = \"\"\n", "more");
    EXPECT_EQ(places(conf, "a.example/x"), Names{"a.example/x"});
    EXPECT_THROW(conf.resolve("x"), Error);
}

TEST(RegistriesConf, SaysWhatIsWrong) {
    for (const char* text :
         {"x = ", "[registries.search]\nregistries = [\"a\"]", "short-name-mode = \"x\"", "[[registry]]\n",
          "[[registry]]\nprefix = \"a.*.b\"", "unqualified-search-registries = \"docker.io\"",
          "[[registry]]\nlocation = \"a\"\n[[registry.mirror]]\n"}) {
        EXPECT_THROW(conf_of(text), Error) << text;
    }
}

}  // namespace
}  // namespace rpod::registry
