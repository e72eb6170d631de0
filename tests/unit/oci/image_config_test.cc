// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "oci/image_config.hh"

#include <gtest/gtest.h>

#include "base/error.hh"

namespace rpod::oci {
namespace {

using Strings = std::vector<std::string>;

TEST(ImageConfig, ReadsAllThatARunNeeds) {
    const auto c =
        ImageConfig::parse(R"({"created":"2024-01-02T03:04:05Z","architecture":"amd64","os":"linux",
        "config":{"User":"1:2","ExposedPorts":{"80/tcp":{}},"Env":["A=b"],"Entrypoint":["/e"],"Cmd":["c"],
          "Volumes":{"/v":{}},"WorkingDir":"/w","Labels":{"k":"v"},"StopSignal":"SIGINT",
          "Healthcheck":{"Test":["CMD","x"],"Interval":1000000000,"Retries":3}},
        "rootfs":{"type":"layers","diff_ids":["sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]},
        "history":[{"created_by":"x","empty_layer":true}]})");
    EXPECT_EQ(c.platform.architecture, "amd64");
    EXPECT_EQ(c.config.user, "1:2");
    EXPECT_TRUE(c.config.exposed_ports.contains("80/tcp"));
    EXPECT_EQ(c.config.cmd, Strings{"c"});
    EXPECT_EQ(c.config.labels.at("k"), "v");
    EXPECT_EQ(c.config.healthcheck->interval_ns, 1000000000);
    EXPECT_EQ(c.diff_ids.size(), 1U);
    EXPECT_TRUE(c.history.at(0).empty_layer);
    const auto again = ImageConfig::parse(to_json(c));
    EXPECT_EQ(to_json(again), to_json(c));
    EXPECT_EQ(again.config.healthcheck, c.config.healthcheck);
}

TEST(ImageConfig, NullsAreAbsent) {
    const auto c = ImageConfig::parse(R"({"created":null,"architecture":null,"config":{"User":null,"Env":null,
        "Cmd":[null,"x"],"Labels":{"a":null},"Volumes":null,"Healthcheck":null},"rootfs":{"diff_ids":null},
        "history":[null]})");
    EXPECT_EQ(c.config.cmd, Strings{"x"});
    EXPECT_EQ(c.config.labels.at("a"), "");
    EXPECT_TRUE(c.history.empty());
    ImageConfig::parse(R"({"config":null,"rootfs":null,"history":null})");
}

TEST(ImageConfig, DropsVariablesWithoutAValue) {
    const auto c = ImageConfig::parse(R"({"config":{"Env":["SECRET","A=","=x","B=1=2",""]}})");
    EXPECT_EQ(c.config.env, (Strings{"A=", "B=1=2"}));
}

TEST(ImageConfig, RefusesNulsWrongTypesAndBadDigests) {
    for (const char* text :
         {R"({"config":{"Cmd":["a\u0000b"]}})", R"({"config":{"User":1}})", R"({"config":[]})", "[]", "{",
          R"({"rootfs":{"diff_ids":["sha256:../x"]}})", R"({"rootfs":{"type":"blobs"}})",
          R"({"config":{"Healthcheck":{"Retries":-1}}})", R"({"config":{"Volumes":["/x"]}})"}) {
        EXPECT_THROW(ImageConfig::parse(text), Error) << text;
    }
}

}  // namespace
}  // namespace rpod::oci
