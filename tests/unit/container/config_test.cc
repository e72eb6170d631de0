// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/config.hh"

#include <gtest/gtest.h>

#include "base/error.hh"

namespace rpod::container {
namespace {

/// Every member differs from its default, so that one that the record forgets shows as a difference.
ContainerConfig full_config() {
    ContainerConfig c;
    c.id = "4f";
    c.name = "web";
    c.image = "debian:12";
    c.rootfs = RootfsDir{"/srv/root", true};
    c.entrypoint = std::vector<std::string>{"/bin/sh", "-c"};
    c.command = {"echo hi", ""};
    c.workdir = "/w";
    c.user = "www:staff";
    c.group_add = {"video"};
    c.keep_groups = true;
    c.host_env = {{"http_proxy", "http://p"}};
    c.env = {{"A", "b=c"}, {"EMPTY", ""}};
    c.unset_env = {"X"};
    c.unset_env_all = true;
    c.labels = {{"l", "v"}};
    c.annotations = {{"a", "v"}};
    c.hostname = "h";
    c.no_hostname = true;
    c.tty = c.stdin_open = c.remove = c.init = true;
    c.stop_signal = "SIGRTMIN+3";
    c.stop_timeout_s = 0;
    c.timeout_s = 9;
    c.pull = PullPolicy::newer;
    c.systemd = SystemdMode::always;
    c.storage_driver = runtime::StorageDriver::copy;
    c.log = {"json-file", {{"max-size", "1m"}}};
    c.health = {.regular = {.test = {"CMD", "a b"},
                            .interval_ns = 0,
                            .timeout_ns = 1,
                            .start_period_ns = 2,
                            .retries = 4},
                .on_failure = HealthAction::restart,
                .startup = {.test = {"CMD-SHELL", "x"},
                            .interval_ns = 5,
                            .timeout_ns = 6,
                            .start_period_ns = {},
                            .retries = 0},
                .startup_successes = 7};
    c.cidfile = "/tmp/cid";
    c.read_only = true;
    c.read_only_tmpfs = false;
    const MountOptions options{.read_only = true,
                               .exec = false,
                               .suid = true,
                               .dev = true,
                               .propagation = Propagation::rslave,
                               .relabel = Relabel::private_,
                               .chown = true};
    c.mounts.push_back(BindMount{"/a", "/b", options});
    c.mounts.push_back(VolumeMount{"v", "/v", options, false});
    c.mounts.push_back(TmpfsMount{"/t", true, false, true, true, 1 << 20, 10, 01777, 1, 2, false, true});
    c.mounts.push_back(DevptsMount{"/p", 0600, 1, 5, 9});
    c.image_name = "docker.io/library/debian:12";
    c.volumes_from = {"other:ro"};
    c.secrets = {{.name = "s", .id = "1f", .env = true, .target = "S", .uid = 1, .gid = 2, .mode = 0400}};
    c.image_volumes = ImageVolumes::ignore;
    c.devices = {{"/dev/fuse", "/dev/f", "rw"}};
    c.shm_size_bytes = 1;
    c.tz = "Europe/Berlin";
    c.userns = UsernsConfig{.mode = UsernsConfig::Mode::maps,
                            .keep_uid = 1,
                            .keep_gid = 2,
                            .size = 3,
                            .uid_maps = {{0, 1, 2, true}},
                            .gid_maps = {{3, 4, 5, false}},
                            .subuid_name = "u",
                            .subgid_name = "g",
                            .target = "t"};
    c.pid = {NamespaceMode::host, ""};
    c.ipc = {NamespaceMode::shareable, ""};
    c.uts = {NamespaceMode::path, "/proc/1/ns/uts"};
    c.cgroupns = {NamespaceMode::container, "other"};
    c.network = NetworkConfig{{"none"},
                              {"80:80"},
                              true,
                              true,
                              {{.host_ip = "::1", .host_port = 80, .container_port = 80}},
                              {"53/udp"},
                              {"9.9.9.9"},
                              {"lan"},
                              {"ndots:1"},
                              {"a:1.2.3.4"},
                              true};
    c.security = SecurityConfig{.privileged = true,
                                .cap_add = {"CAP_SYS_ADMIN"},
                                .cap_drop = {"ALL"},
                                .seccomp = {SeccompChoice::Mode::file, "/p.json"},
                                .no_new_privileges = true,
                                .mask = {"/m"},
                                .unmask = {"ALL"},
                                .label_options = {"disable"},
                                .proc_options = "hidepid=2"};
    c.ulimits = {{"nofile", 10, kUnlimited}};
    c.ulimits_host = true;
    c.add_accounts = false;
    c.passwd_entry = "$USERNAME:x";
    c.group_entry = "$GROUPNAME:x";
    c.sysctls = {{"net.ipv4.ip_forward", "1"}};
    c.umask = 077;
    c.oom_score_adj = -5;
    return c;
}

TEST(ContainerConfig, SurvivesItsRecord) {
    const auto full = full_config();
    EXPECT_EQ(config_from_json(to_json(full), "config.json"), full);
    const ContainerConfig plain;
    EXPECT_EQ(config_from_json(to_json(plain), "config.json"), plain);
}

std::string message_of(std::string_view text) {
    try {
        config_from_json(text, "config.json of container 'web'");
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

TEST(ContainerConfig, RefusesOtherVersionsAndUnknownWords) {
    const std::string what = "config.json of container 'web': ";
    EXPECT_EQ(message_of(R"({"version":2})"),
              what + "version 2 was written by another rpod; this one reads version 1");
    EXPECT_EQ(message_of(R"({"version":1,"id":"a","name":"b","userns":{"mode":"root"}})"),
              what + "userns.mode: unknown value 'root'");
    EXPECT_EQ(message_of(R"({"version":1,"id":"a","name":"b","env":["NOVALUE"]})"),
              what + "env: 'NOVALUE' is not NAME=VALUE");
    EXPECT_EQ(message_of(R"({"version":1,"id":"a","name":"b","mounts":[{"type":"nfs","destination":"/x"}]})"),
              what + "mounts[0]: unknown mount type 'nfs'");
}

}  // namespace
}  // namespace rpod::container
