// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "registry/policy.hh"

#include <gtest/gtest.h>

#include "base/error.hh"

namespace rpod::registry {
namespace {

constexpr const char* kText = R"({
    "default": [{"type": "reject"}],
    "transports": {
        "docker": {
            "quay.io": [{"type": "insecureAcceptAnything"}],
            "quay.io/team": [{"type": "reject"}],
            "quay.io/team/app:1": [{"type": "insecureAcceptAnything"}],
            "*.example.com": [{"type": "insecureAcceptAnything"}],
            "signed.io": [{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/key"}]
        },
        "dir": {"/srv": [{"type": "insecureAcceptAnything"}], "": [{"type": "reject"}]},
        "oci": {"": [{"type": "insecureAcceptAnything"}]}
    }})";

bool accepts(const std::string& name) {
    try {
        Policy::parse(kText, "test").check("docker", docker_scopes(oci::Reference::parse(name)), name);
        return true;
    } catch (const Error&) {
        return false;
    }
}

TEST(Policy, TakesTheNarrowestScope) {
    EXPECT_TRUE(accepts("quay.io/other/app:1"));
    EXPECT_FALSE(accepts("quay.io/team/app:2"));
    EXPECT_TRUE(accepts("quay.io/team/app:1"));
    EXPECT_FALSE(accepts("quay.io/team/deep/app:1"));
    EXPECT_TRUE(accepts("quay.io/teams/app:1"));
    EXPECT_FALSE(accepts("docker.io/library/x:1"));
}

TEST(Policy, KnowsWildcardsOfHosts) {
    EXPECT_TRUE(accepts("a.example.com/x:1"));
    EXPECT_TRUE(accepts("a.b.example.com:5000/x:1"));
    EXPECT_FALSE(accepts("example.com/x:1"));
    EXPECT_FALSE(accepts("notexample.com/x:1"));
}

TEST(Policy, RefusesWhatWantsASignature) {
    try {
        Policy::parse(kText, "test").check("docker", {"signed.io"}, "x");
        FAIL();
    } catch (const Error& e) {
        EXPECT_NE(std::string(e.what()).find("signedBy"), std::string::npos);
    }
}

TEST(Policy, KnowsPathsAndTransportDefaults) {
    const auto policy = Policy::parse(kText, "test");
    EXPECT_NO_THROW(policy.check("dir", path_scopes("/srv/images/x", ""), "x"));
    EXPECT_THROW(policy.check("dir", path_scopes("/srvother", ""), "x"), Error);
    EXPECT_NO_THROW(policy.check("oci", path_scopes("/tmp/x", "tag"), "x"));
    EXPECT_THROW(policy.check("docker-archive", {}, "x"), Error);
    EXPECT_NO_THROW(Policy().check("docker", {}, "x"));
}

TEST(Policy, ListsScopes) {
    EXPECT_EQ(docker_scopes(oci::Reference::parse("a.b.io:5000/x/y:1")),
              (std::vector<std::string>{"a.b.io:5000/x/y:1", "a.b.io:5000/x/y", "a.b.io:5000/x",
                                        "a.b.io:5000", "*.b.io", "*.io"}));
    EXPECT_EQ(path_scopes("/srv/a", "t"), (std::vector<std::string>{"/srv/a:t", "/srv/a", "/srv"}));
}

TEST(Policy, IsStrict) {
    for (const char* text :
         {"", "{}", "[]", "null", R"({"default": []})", R"({"default": {}})", R"({"default": [{}]})",
          R"({"default": [{"type": "nonsense"}]})", R"({"default": [{"type": "reject"}], "x": 1})",
          R"({"default": [{"type": "reject", "x": 1}]})", R"({"default": [{"type": 7}]})",
          R"({"default": [{"type": "reject"}], "transports": []})",
          R"({"default": [{"type": "reject"}], "transports": {"docker": {"x": []}}})",
          R"({"default": [{"type": "reject"}], "default": [{"type": "insecureAcceptAnything"}]})"}) {
        EXPECT_THROW(Policy::parse(text, "test"), Error) << text;
    }
}

}  // namespace
}  // namespace rpod::registry
