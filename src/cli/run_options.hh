// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.hh"
#include "cli/registry_options.hh"
#include "container/config.hh"
#include "container/parse_env.hh"

/// The flags of `run` (and of `create`), as typed: each group of flags is a struct, with a function that
/// binds it and one that checks it and moves it into the ContainerConfig. Below here nobody knows what a flag
/// is called.
namespace rpod::cli {

using Strings = std::vector<std::string>;

/// What the flags' meaning depends on besides the flags.
struct Surroundings {
    std::string cwd;
    container::HostEnv env;
    std::string architecture;  ///< as images name it: "amd64"
    static Surroundings here();
};

struct ProcessOptions {
    std::optional<std::string> entrypoint;
    std::string workdir, user, umask, hostname;
    std::string passwd_entry, group_entry;
    bool passwd = true;
    Strings group_add;
    Strings env, env_files, unset_env;
    bool env_host = false;
    bool http_proxy = true;
    bool unset_env_all = false;
    Strings labels, label_files, annotations;
    bool no_hostname = false;
    bool tty = false;
    bool interactive = false;
    bool init = false;
    std::optional<int> oom_score_adj;
};

struct LifeOptions {
    std::string name, cidfile, pull = "missing", stop_signal, systemd = "true", log_driver;
    std::string pidfile, conmon_pidfile;
    Strings attach, log_options;
    std::optional<uint32_t> stop_timeout;
    uint32_t timeout = 0;
    bool remove = false;
    bool replace = false;
    bool quiet = false;
    std::string restart = "no", platform, architecture, os, variant;
};

struct HealthOptions {
    std::optional<std::string> command, interval, timeout, start_period, on_failure;
    std::optional<std::string> startup_command, startup_interval, startup_timeout;
    std::optional<uint32_t> retries, startup_retries, startup_successes;
    bool disabled = false;
};

struct FileOptions {
    bool rootfs = false;
    Strings volumes, mounts, tmpfs, devices, volumes_from, secrets;
    std::string image_volume = "anonymous", shm_size, tz;
    bool read_only = false;
    bool read_only_tmpfs = true;
};

/// The user namespace, of a container or of a pod.
struct UsernsOptions {
    std::optional<std::string> userns;
    Strings uid_maps, gid_maps;
    std::string subuid_name, subgid_name;
};

/// The network, likewise.
struct NetworkOptions {
    Strings networks, dns, dns_search, dns_options, add_host, publish, aliases;
    std::string ip, ip6, mac;
    bool publish_fallback = false;
    bool no_hosts = false;
};

struct NamespaceOptions {
    UsernsOptions users;
    std::string pid, ipc, uts, cgroupns;
    NetworkOptions network;
    Strings expose;
    bool publish_all = false;
    std::string pod, pod_id_file;
};

struct SecurityOptions {
    bool privileged = false;
    Strings cap_add, cap_drop, options, ulimits, sysctls;
};

struct RunOptions {
    ProcessOptions process;
    LifeOptions life;
    HealthOptions health;
    FileOptions files;
    NamespaceOptions namespaces;
    SecurityOptions security;
    RegistryOptions registry;
};

/// How the command behaves while the container runs; not part of the container.
struct RunModes {
    std::string pod;  ///< NAME, ID or "new:NAME"; empty: none
    bool attach_stdin = false;
    bool attach_stdout = false;
    bool attach_stderr = false;
    bool quiet = false;    ///< no progress of a pull
    bool replace = false;  ///< a container of the same name is removed first
};

struct RunRequest {
    container::ContainerConfig config;  ///< without ID, and without a name where none was given
    RunModes modes;
};

/// Binds all flags that `run` and `create` share. A flag that podman has and rpod cannot honour yet is known,
/// does not show in the help, and is refused by name with the reason when it is used.
/// @param words  what will be parsed
void add_run_flags(CLI::App& app, RunOptions& options, const Args& words);

/// @param args  IMAGE [COMMAND [ARG...]]
/// @throws Error for values that make no sense, alone or together
RunRequest validate(const RunOptions& options, const Args& args, const Surroundings& around);

// The groups, one file each (process_options.cc, …).
void add_process_flags(CLI::App& app, ProcessOptions& options);
void apply(const ProcessOptions& options, const Surroundings& around, container::ContainerConfig& config);
void add_life_flags(CLI::App& app, LifeOptions& options);
void apply(const LifeOptions& options, const Surroundings& around, container::ContainerConfig& config,
           RunModes& modes);
void add_health_flags(CLI::App& app, HealthOptions& options);
void apply(const HealthOptions& options, container::ContainerConfig& config);
void add_file_flags(CLI::App& app, FileOptions& options);
void apply(const FileOptions& options, const Surroundings& around, container::ContainerConfig& config);
void add_userns_flags(CLI::App& app, UsernsOptions& options);
container::UsernsConfig parse_users(const UsernsOptions& options, const Surroundings& around);
void add_network_flags(CLI::App& app, NetworkOptions& options);
/// Without exposed ports. @param in_pod  "pod" is a network
container::NetworkConfig parse_network(const NetworkOptions& options, bool in_pod);
void add_namespace_flags(CLI::App& app, NamespaceOptions& options);
void apply(const NamespaceOptions& options, const Surroundings& around, container::ContainerConfig& config,
           RunModes& modes);
void add_security_flags(CLI::App& app, SecurityOptions& options);
void apply(const SecurityOptions& options, const Surroundings& around, container::ContainerConfig& config);
void add_refused_run_flags(CLI::App& app, const Args& words);

/// --shm-size, in bytes. @throws Error
uint64_t parse_shm_size(const std::string& text);

/// --label-file, then --label.
void take_labels(const Strings& files, const Strings& texts, std::map<std::string, std::string>& labels);

/// Flags whose values podman splits at commas: "--cap-add a,b".
Strings split_commas(const Strings& values);

}  // namespace rpod::cli
