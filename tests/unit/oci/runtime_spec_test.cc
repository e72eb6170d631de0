// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "oci/runtime_spec.hh"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <sstream>

#include "base/error.hh"
#include "base/json.hh"

namespace rpod::oci {
namespace {

std::string message_of(const std::function<void()>& fn) {
    try {
        fn();
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

std::string read_data(const std::string& name) {
    std::ifstream in(std::string(RPOD_TEST_DATA) + "/oci/" + name);
    EXPECT_TRUE(in) << name;
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

/// A valid spec with `change` applied, validated.
std::string problem_with(const std::function<void(RuntimeSpec&)>& change) {
    auto spec = default_runtime_spec(1000, 1000);
    change(spec);
    return message_of([&] { spec.validate(); });
}

std::string minimal(const std::string& process_more = "", const std::string& top_more = "") {
    return R"({"ociVersion":"1.1.0","process":{"args":["sh"],"cwd":"/")" + process_more +
           R"(},"root":{"path":"rootfs"})" + top_more + "}";
}

class GeneratedConfig : public testing::TestWithParam<const char*> {};

TEST_P(GeneratedConfig, ParsesAndRoundTrips) {
    const auto spec = RuntimeSpec::parse(read_data(GetParam()), "config.json");
    EXPECT_EQ(spec.process.args, std::vector<std::string>{"sh"});
    EXPECT_EQ(spec.root.path, "rootfs");
    EXPECT_EQ(spec.mounts.size(), 7u);
    EXPECT_EQ(spec.process.rlimits.at(0).hard, 1024u);
    EXPECT_TRUE(spec.linux.find_namespace(NamespaceType::mount));
    EXPECT_TRUE(spec.unsupported.empty());
    EXPECT_EQ(RuntimeSpec::parse(spec.to_json(), "again"), spec);
}

INSTANTIATE_TEST_SUITE_P(RuntimeSpec, GeneratedConfig,
                         testing::Values("config-crun-1.8.1.json", "config-runc-1.1.5.json"));

TEST(RuntimeSpec, DefaultIsValidAndRoundTrips) {
    const auto spec = default_runtime_spec(1000, 100);
    spec.validate();
    EXPECT_EQ(RuntimeSpec::parse(spec.to_json(4), "config.json"), spec);
    EXPECT_EQ(spec.linux.gid_mappings,
              (std::vector<IdMapping>{{.container_id = 0, .host_id = 100, .size = 1}}));
}

TEST(RuntimeSpec, EveryMemberRoundTrips) {
    const auto text = read_data("config-full.json");
    const auto spec = RuntimeSpec::parse(text, "config.json");
    const auto written = spec.to_json();
    EXPECT_EQ(RuntimeSpec::parse(written, "again"), spec);
    // Nothing that was read is lost: the sample is kept in the writer's order.
    EXPECT_EQ(json::Value::parse(written, "w").dump(), json::Value::parse(text, "t").dump());
    EXPECT_EQ(spec.process.user.name, "postgres:postgres");
    EXPECT_EQ(spec.process.console_size->width, 80);
    EXPECT_EQ(spec.linux.seccomp->syscalls.at(0).args.at(0).value_two, UINT64_MAX);
    EXPECT_EQ(spec.linux.devices.at(0).file_mode, 0666u);
    EXPECT_EQ(spec.linux.resources, R"({"pids":{"limit":10}})");
    EXPECT_EQ(spec.hooks.create_container.at(0).timeout, 5);
    EXPECT_EQ(spec.linux.time_offsets.at("boottime"), (TimeOffset{.secs = 604800, .nanosecs = 5}));
}

TEST(RuntimeSpec, ErrorsNameTheMember) {
    const auto parse = [](const std::string& text) {
        return message_of([&] { RuntimeSpec::parse(text, "config.json"); });
    };
    EXPECT_EQ(parse("{}"), "config.json: 'ociVersion' is missing");
    EXPECT_EQ(parse(minimal(R"(,"user":{"uid":-1})")),
              "config.json: process.user.uid: expected a whole number that is not negative");
    EXPECT_EQ(parse(minimal(R"(,"user":{"uid":4294967295})")),
              "config.json: process.user.uid: expected a number up to 4294967294");
    EXPECT_EQ(parse(minimal(R"(,"rlimits":[{"type":"RLIMIT_CORE","soft":1}])")),
              "config.json: process.rlimits[0]: 'hard' is missing");
    EXPECT_EQ(parse(minimal("", R"(,"linux":{"namespaces":[{"type":"net"}]})")),
              "config.json: linux.namespaces[0].type: there is no namespace type 'net'");
    EXPECT_EQ(parse(minimal("", R"(,"mounts":[{"destination":"data"}])")),
              "config.json: mounts[0].destination: 'data' is not an absolute path");
    EXPECT_EQ(parse(minimal(R"(,"env":["A\u0000B=1"])")),
              "config.json: process.env: 'A\\x00B=1' holds a NUL byte");
}

TEST(RuntimeSpec, ReadsTheSmallestFileAndIgnoresWhatItDoesNotKnow) {
    const auto spec = RuntimeSpec::parse(minimal("", R"(,"x-vendor":{"a":1},"hooks":null)"), "config.json");
    EXPECT_FALSE(spec.process.capabilities);
    EXPECT_TRUE(spec.hooks.empty());
    EXPECT_EQ(message_of([&] { spec.require_supported(); }), "no error");
}

TEST(RuntimeSpec, RefusesWhatItCannotHonourByName) {
    const auto spec = RuntimeSpec::parse(
        minimal("", R"(,"linux":{"intelRdt":{"closID":"x"},"timeOffsets":{}})"), "config.json");
    EXPECT_EQ(message_of([&] { spec.require_supported(); }), "linux.intelRdt: not supported");
}

TEST(RuntimeSpec, TheSpecificationsUsernameIsNotLookedUp) {
    const auto spec = RuntimeSpec::parse(minimal(R"(,"user":{"uid":1,"gid":2,"username":"root"})"), "c");
    EXPECT_FALSE(spec.process.user.name);
    EXPECT_EQ(spec.process.user.uid, 1u);
}

TEST(RuntimeSpec, ValidatesTheProcess) {
    EXPECT_EQ(problem_with([](auto& s) { s.process.args.clear(); }), "process.args: nothing to run");
    EXPECT_EQ(problem_with([](auto& s) { s.process.cwd = "tmp"; }),
              "process.cwd: 'tmp' is not an absolute path");
    EXPECT_EQ(problem_with([](auto& s) { s.process.env = {"SECRET"}; }),
              "process.env: 'SECRET' is not NAME=VALUE");
    EXPECT_EQ(problem_with([](auto& s) { s.process.env = {"=x"}; }), "process.env: '=x' is not NAME=VALUE");
    EXPECT_EQ(problem_with([](auto& s) { s.process.capabilities->ambient = {"chown"}; }),
              "process.capabilities.ambient: 'chown' is not a name CAP_…");
    EXPECT_EQ(problem_with([](auto& s) { s.process.rlimits.push_back(s.process.rlimits[0]); }),
              "process.rlimits: RLIMIT_NOFILE appears twice");
    EXPECT_EQ(problem_with([](auto& s) { s.process.rlimits[0].soft = 4096; }),
              "process.rlimits: RLIMIT_NOFILE: the soft limit 4096 is above the hard limit 1024");
    EXPECT_EQ(problem_with([](auto& s) { s.process.oom_score_adj = 1001; }),
              "process.oomScoreAdj: 1001 is not from -1000 to 1000");
}

TEST(RuntimeSpec, ValidatesNamespacesAndIdMappings) {
    EXPECT_EQ(problem_with([](auto& s) { s.linux.namespaces.push_back({.type = NamespaceType::pid}); }),
              "linux.namespaces: 'pid' appears twice");
    EXPECT_EQ(problem_with([](auto& s) { s.linux.namespaces[0].path = "ns/pid"; }),
              "linux.namespaces.pid: 'ns/pid' is not an absolute path");
    EXPECT_EQ(problem_with([](auto& s) { s.linux.namespaces.clear(); }), "hostname: needs a UTS namespace");
    EXPECT_EQ(problem_with([](auto& s) { s.linux.uid_mappings[0].size = 0; }),
              "linux.uidMappings[0]: the size is 0");
    EXPECT_EQ(problem_with([](auto& s) { s.linux.uid_mappings[0].size = UINT32_MAX; }),
              "linux.uidMappings[0]: the range ends above the largest ID");
    EXPECT_EQ(problem_with([](auto& s) {
                  s.linux.gid_mappings.push_back({.container_id = 1, .host_id = 1000, .size = 5});
              }),
              "linux.gidMappings[1]: overlaps [0]");
}

TEST(RuntimeSpec, ValidatesTheRest) {
    EXPECT_EQ(problem_with([](auto& s) { s.oci_version = "2.0.0"; }),
              "ociVersion: '2.0.0' is not a version 1");
    EXPECT_EQ(problem_with([](auto& s) { s.root.path = ""; }), "root.path: is empty");
    EXPECT_EQ(problem_with([](auto& s) { s.linux.masked_paths = {"proc/kcore"}; }),
              "linux.maskedPaths: 'proc/kcore' is not an absolute path");
    EXPECT_EQ(problem_with([](auto& s) { s.linux.rootfs_propagation = "sharedd"; }),
              "linux.rootfsPropagation: there is no propagation 'sharedd'");
    EXPECT_EQ(problem_with([](auto& s) { s.linux.sysctl["net/../kernel.core_pattern"] = "x"; }),
              "linux.sysctl: 'net/../kernel.core_pattern' is not the name of a sysctl");
    EXPECT_EQ(problem_with([](auto& s) { s.linux.devices = {{.path = "/dev/x", .type = 'x'}}; }),
              "linux.devices: '/dev/x': there is no device type 'x'");
    EXPECT_EQ(problem_with([](auto& s) { s.hooks.poststop = {{.path = "cleanup"}}; }),
              "hooks.poststop: 'cleanup' is not an absolute path");
    EXPECT_EQ(problem_with([](auto& s) {
                  s.linux.seccomp_profile = "default";
                  s.linux.seccomp = Seccomp{.default_action = "SCMP_ACT_ALLOW"};
              }),
              "linux.seccomp and rpod.seccompProfile: only one of them can be used");
    EXPECT_EQ(problem_with([](auto& s) {
                  s.linux.seccomp = Seccomp{.default_action = "SCMP_ACT_ALLOW"};
                  s.linux.seccomp->syscalls = {{.action = "SCMP_ACT_ERRNO"}};
              }),
              "linux.seccomp.syscalls.names: a rule names no system call");
    EXPECT_EQ(problem_with([](auto& s) { s.linux.time_offsets["monotonic"] = {.secs = 1}; }),
              "linux.timeOffsets: there is no new time namespace to have them");
    EXPECT_EQ(problem_with([](auto& s) { s.linux.time_offsets["realtime"] = {.secs = 1}; }),
              "linux.timeOffsets: there is no clock 'realtime'");
    EXPECT_EQ(problem_with([](auto& s) { s.linux.masked_paths.assign(20000, "/x"); }),
              "linux.maskedPaths: more than 16384 entries");
}

}  // namespace
}  // namespace rpod::oci
