// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/commit_config.hh"

#include <gtest/gtest.h>

namespace rpod::container {
namespace {

using Strings = std::vector<std::string>;
using Paths = std::set<std::string>;

oci::RunConfig image() {
    return {.user = "www",
            .exposed_ports = {"80/tcp"},
            .env = {"PATH=/bin", "A=1"},
            .entrypoint = {"/entry"},
            .cmd = {"serve"},
            .volumes = {"/data"},
            .working_dir = "/srv",
            .labels = {{"a", "1"}},
            .stop_signal = "SIGINT"};
}

oci::RunConfig committed(const ContainerConfig& config, bool include_volumes = false) {
    const auto base = image();
    return committed_config(config, &base, include_volumes);
}

TEST(CommittedConfig, IsTheImagesWhereNothingWasAsked) {
    const auto out = committed({});
    EXPECT_EQ(out.entrypoint, (Strings{"/entry"}));
    EXPECT_EQ(out.cmd, (Strings{"serve"}));
    EXPECT_EQ(out.user, "www");
    EXPECT_EQ(out.env, (Strings{"PATH=/bin", "A=1"}));
    EXPECT_EQ(out.working_dir, "/srv");
    EXPECT_EQ(out.stop_signal, "SIGINT");
    EXPECT_EQ(out.volumes, Paths{"/data"});
}

TEST(CommittedConfig, TakesTheCommandOfTheContainer) {
    EXPECT_EQ(committed({.command = {"x", "y"}}).cmd, (Strings{"x", "y"}));
    const auto out = committed({.entrypoint = Strings{"/mine"}});
    EXPECT_EQ(out.entrypoint, (Strings{"/mine"}));
    EXPECT_TRUE(out.cmd.empty()) << "it was meant for the image's entrypoint";
}

TEST(CommittedConfig, TakesTheEnvironmentButNotTheCallers) {
    ContainerConfig config;
    config.host_env = {{"http_proxy", "secret"}};
    config.env = {{"A", "2"}, {"B", "3"}};
    config.unset_env = {"PATH"};
    EXPECT_EQ(committed(config).env, (Strings{"A=2", "B=3"}));
    config.unset_env_all = true;
    EXPECT_EQ(committed(config).env, (Strings{"A=2", "B=3"}));
}

TEST(CommittedConfig, TakesWhoAndWhere) {
    ContainerConfig config;
    config.user = "7:8";
    config.workdir = "/w";
    config.labels = {{"b", "2"}};
    const auto out = committed(config);
    EXPECT_EQ(out.user, "7:8");
    EXPECT_EQ(out.working_dir, "/w");
    EXPECT_EQ(out.labels, (std::map<std::string, std::string>{{"a", "1"}, {"b", "2"}}));
    EXPECT_EQ(committed_config({}, nullptr, false).working_dir, "/");
}

TEST(CommittedConfig, ExposesWhatIsPublished) {
    ContainerConfig config;
    config.network.ports = {{.host_port = 8080, .container_port = 90, .range = 2}};
    config.network.expose = {"53/udp"};
    EXPECT_EQ(committed(config).exposed_ports, (Paths{"53/udp", "80/tcp", "90/tcp", "91/tcp"}));
}

TEST(CommittedConfig, AnonymousVolumesStayVolumes) {
    ContainerConfig config;
    config.mounts = {VolumeMount{.name = "", .destination = "/anonymous"},
                     VolumeMount{.name = "v", .destination = "/named"},
                     BindMount{.source = "/host", .destination = "/bound"}, TmpfsMount{.destination = "/t"}};
    EXPECT_EQ(committed(config).volumes, (Paths{"/anonymous", "/data"}));
    EXPECT_EQ(committed(config, true).volumes, (Paths{"/anonymous", "/bound", "/data", "/named"}));
}

}  // namespace
}  // namespace rpod::container
