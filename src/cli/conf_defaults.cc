// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/conf_defaults.hh"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/capabilities.hh"
#include "container/detach_keys.hh"
#include "container/parse_env.hh"
#include "container/parse_limits.hh"
#include "container/parse_mount.hh"
#include "container/parse_namespace.hh"
#include "container/parse_security.hh"
#include "net/config.hh"
#include "net/resolv_conf.hh"

namespace rpod::cli {
namespace {

constexpr std::string_view kNoCgroups = "there are no cgroups to set limits with";

/// What distributions ship in /usr/share/containers, because it is podman's default. rpod's is wider: all
/// groups of the container may ping.
constexpr std::string_view kShippedSysctl = "net.ipv4.ping_group_range=0 0";

/// What a file sets for a flag that was not given.
class Defaults {
  public:
    Defaults(const CLI::App& flags, const ContainersConf& conf) : flags_(flags), conf_(conf) {}
    void text(std::string& target, const char* flag, const char* key) const {
        if (const auto value = conf_.text(key); value && missing(flag)) target = *value;
    }
    void flag(bool& target, const char* flag, const char* key) const {
        if (const auto value = conf_.flag(key); value && missing(flag)) target = *value;
    }
    template <class Number>
    void number(std::optional<Number>& target, const char* flag, const char* key) const {
        if (const auto value = conf_.number(key); value && missing(flag)) target = *value;
    }
    /// "private" is what each is anyway.
    std::optional<std::string> name_space(const char* flag, const char* key) const {
        auto value = conf_.text(key);
        if (value == "private" || !missing(flag)) return std::nullopt;
        return value;
    }
    bool missing(const char* flag) const { return flags_.get_option(flag)->count() == 0; }

  private:
    const CLI::App& flags_;
    const ContainersConf& conf_;
};

template <class T>
void set_namespace(T& target, const Defaults& defaults, const char* flag, const char* key) {
    if (auto value = defaults.name_space(flag, key)) target = *value;
}

void set_log(container::LogConfig& log, const ContainersConf& conf) {
    const auto size = conf.number("containers.log_size_max").value_or(0);
    const bool kept = log.driver == "k8s-file" || log.driver == "json-file";
    if (size > 0 && kept) log.options.emplace("max-size", std::to_string(size));
}

void add_mounts(container::ContainerConfig& config, const ContainersConf& conf, const Surroundings& around) {
    std::vector<container::Mount> mounts;
    for (const auto& text : conf.list("containers.volumes"))
        mounts.push_back(container::parse_volume(text, around.cwd));
    for (const auto& text : conf.list("containers.mounts"))
        mounts.push_back(container::parse_mount(text, around.cwd));
    for (auto& mount : mounts) {
        const auto same = [&](const container::Mount& typed) {
            return container::destination_of(typed) == container::destination_of(mount);
        };
        if (std::none_of(config.mounts.begin(), config.mounts.end(), same))
            config.mounts.push_back(std::move(mount));
    }
    for (const auto& text : conf.list("containers.devices"))
        config.devices.push_back(container::parse_device(text));
}

void add_ulimits(container::ContainerConfig& config, const ContainersConf& conf) {
    for (const auto& text : conf.list("containers.default_ulimits")) {
        auto limit = container::parse_ulimit(text);
        const auto same = [&](const container::Ulimit& typed) { return typed.name == limit.name; };
        if (std::none_of(config.ulimits.begin(), config.ulimits.end(), same))
            config.ulimits.push_back(std::move(limit));
    }
}

/// Those of namespaces that the container does not have to itself are left out, as podman does.
void add_sysctls(container::ContainerConfig& config, const ContainersConf& conf) {
    for (const auto& text : conf.list("containers.default_sysctls")) {
        if (text == kShippedSysctl) continue;
        auto [name, value] = container::parse_sysctl(text);
        if (container::owns_sysctl(config, name)) config.sysctls.emplace(std::move(name), std::move(value));
    }
}

/// The capabilities of a container that asks for none, as a change of rpod's own set.
void set_capabilities(container::SecurityConfig& security, const ContainersConf& conf) {
    std::vector<std::string> wanted;
    for (const auto& text : conf.list("containers.default_capabilities"))
        wanted.push_back(container::parse_capability(text));
    if (wanted.empty()) return;
    const auto standard = container::default_capabilities();
    const auto has = [](const std::vector<std::string>& set, const std::string& name) {
        return std::find(set.begin(), set.end(), name) != set.end();
    };
    const bool drops_all = has(security.cap_drop, "ALL");
    const bool adds_all = has(security.cap_add, "ALL");
    for (const auto& name : wanted) {
        if (drops_all || adds_all || has(standard, name)) continue;
        if (!has(security.cap_drop, name) && !has(security.cap_add, name)) security.cap_add.push_back(name);
    }
    for (const auto& name : standard) {
        if (drops_all || adds_all || has(wanted, name)) continue;
        if (!has(security.cap_add, name) && !has(security.cap_drop, name)) security.cap_drop.push_back(name);
    }
}

void set_rights(container::SecurityConfig& security, const ContainersConf& conf, const Surroundings& around) {
    if (security.privileged) return;
    set_capabilities(security, conf);
    const auto profile = conf.text("containers.seccomp_profile").value_or("");
    if (!profile.empty() && security.seccomp == container::SeccompChoice{})
        container::take_security_option(security, "seccomp=" + profile, around.cwd);
}

/// Where name resolution is the container's own.
void set_dns(container::NetworkConfig& network, const ContainersConf& conf) {
    using container::NamespaceMode;
    const auto mode = container::network_namespace(network).mode;
    if (mode == NamespaceMode::container || mode == NamespaceMode::path || mode == NamespaceMode::pod) return;
    if (network.dns_servers == std::vector<std::string>{"none"}) return;
    if (network.dns_servers.empty()) network.dns_servers = conf.list("containers.dns_servers");
    if (network.dns_search.empty()) network.dns_search = conf.list("containers.dns_searches");
    if (network.dns_options.empty()) network.dns_options = conf.list("containers.dns_options");
    net::validate(net::DnsOptions{network.dns_servers, network.dns_search, network.dns_options});
}

}  // namespace

const std::vector<ConfKey>& conf_keys() {
    static const std::vector<ConfKey> keys{
        {"containers.annotations", "[]", {}},
        {"containers.apparmor_profile", "", "only root can load AppArmor profiles"},
        {"containers.base_hosts_file", "", "the hosts file is made from the host's"},
        {"containers.cgroupns", "private", {}},
        {"containers.cgroups", "disabled", kNoCgroups},
        {"containers.default_capabilities", "podman's eleven", {}},
        {"containers.default_sysctls", "[]", {}},
        {"containers.default_ulimits", "[]", {}},
        {"containers.devices", "[]", {}},
        {"containers.dns_options", "[]", {}},
        {"containers.dns_searches", "[]", {}},
        {"containers.dns_servers", "[]", {}},
        {"containers.env", "[]", {}},
        {"containers.env_host", "false", {}},
        {"containers.http_proxy", "true", {}},
        {"containers.init", "false", {}},
        {"containers.init_path", "", "the init of --init is rpod itself"},
        {"containers.ipcns", "private", {}},
        {"containers.label", "", "rpod sets no SELinux labels"},
        {"containers.log_driver", "k8s-file", {}},
        {"containers.log_size_max", "-1", {}},
        {"containers.log_tag", "", "only journald has tags"},
        {"containers.mounts", "[]", {}},
        {"containers.netns",
         "private",
         {}},  // host, none and slirp4netns:OPTIONS; others are the same as private
        {"containers.no_hosts", "false", {}},
        {"containers.pidns", "private", {}},
        {"containers.pids_limit", "0", kNoCgroups},
        {"containers.privileged", "false", {}},
        {"containers.read_only", "false", {}},
        {"containers.seccomp_profile", "rpod's own", {}},
        {"containers.shm_size", "64m", {}},
        {"containers.tz", "", {}},
        {"containers.umask", "0022", {}},
        {"containers.userns", "host", {}},
        {"containers.utsns", "private", {}},
        {"containers.volumes", "[]", {}},
        {"engine.cgroup_manager", "", kNoCgroups},
        {"engine.detach_keys", container::kDefaultDetachKeys, {}},
        {"engine.events_logger", "file", "events are always kept in the store"},
        {"engine.infra_command", "", "pods have no infra container"},
        {"engine.infra_image", "", "pods have no infra container"},
        {"engine.num_locks", "", "locks are files' own"},
        {"engine.pull_policy", "missing", {}},
        {"engine.retry", "3", {}},
        {"engine.retry_delay", "1s", {}},
        {"engine.runtime", "rpod", "rpod is its own OCI runtime"},
        {"engine.runtimes", "", "rpod is its own OCI runtime"},
        {"engine.stop_timeout", "10", {}},
    };
    return keys;
}

RunRequest read_request(RunOptions& o, const CLI::App& flags, const Args& args, const ContainersConf& conf) {
    const auto around = Surroundings::here();
    set_defaults(o, flags, conf);
    auto request = validate(o, args, around);
    add_defaults(request.config, conf, around);
    return request;
}

void set_defaults(RunOptions& o, const CLI::App& flags, const ContainersConf& conf) {
    const Defaults defaults(flags, conf);
    defaults.flag(o.process.env_host, "--env-host", "containers.env_host");
    defaults.flag(o.process.http_proxy, "--http-proxy", "containers.http_proxy");
    defaults.flag(o.process.init, "--init", "containers.init");
    defaults.text(o.process.umask, "--umask", "containers.umask");
    // podman's own default where there is systemd: no reason to refuse to run.
    if (conf.text("containers.log_driver") != "journald")
        defaults.text(o.life.log_driver, "--log-driver", "containers.log_driver");
    defaults.number(o.life.stop_timeout, "--stop-timeout", "engine.stop_timeout");
    defaults.text(o.life.pull, "--pull", "engine.pull_policy");
    defaults.number(o.registry.retry, "--retry", "engine.retry");
    defaults.text(o.registry.retry_delay, "--retry-delay", "engine.retry_delay");
    defaults.flag(o.files.read_only, "--read-only", "containers.read_only");
    defaults.text(o.files.shm_size, "--shm-size", "containers.shm_size");
    defaults.text(o.files.tz, "--tz", "containers.tz");
    set_namespace(o.namespaces.cgroupns, defaults, "--cgroupns", "containers.cgroupns");
    defaults.flag(o.namespaces.network.no_hosts, "--no-hosts", "containers.no_hosts");
    defaults.flag(o.security.privileged, "--privileged", "containers.privileged");
    // A pod has its own say in these.
    if (!o.namespaces.pod.empty() || !o.namespaces.pod_id_file.empty()) return;
    set_namespace(o.namespaces.pid, defaults, "--pid", "containers.pidns");
    set_namespace(o.namespaces.ipc, defaults, "--ipc", "containers.ipcns");
    set_namespace(o.namespaces.uts, defaults, "--uts", "containers.utsns");
    const auto& users = o.namespaces.users;
    const bool mapped = !users.uid_maps.empty() || !users.gid_maps.empty() || !users.subuid_name.empty() ||
                        !users.subgid_name.empty();
    // The environment comes before the files, as everywhere.
    if (!mapped && !std::getenv("PODMAN_USERNS"))
        set_namespace(o.namespaces.users.userns, defaults, "--userns", "containers.userns");
    const auto network = defaults.name_space("--network", "containers.netns").value_or("");
    if (network == "host" || network == "none" || network.starts_with("slirp4netns:"))
        o.namespaces.network.networks = {network};
}

void add_defaults(container::ContainerConfig& config, const ContainersConf& conf,
                  const Surroundings& around) {
    std::vector<container::EnvVar> env;
    for (const auto& text : conf.list("containers.env")) container::take_env(env, text, around.env);
    for (const auto& variable : config.host_env) container::set_env(env, variable);
    config.host_env = std::move(env);
    for (const auto& text : conf.list("containers.annotations")) {
        std::map<std::string, std::string> one;
        container::take_label(one, text, "annotation");
        config.annotations.merge(one);
    }
    set_log(config.log, conf);
    add_mounts(config, conf, around);
    add_ulimits(config, conf);
    add_sysctls(config, conf);
    set_rights(config.security, conf, around);
    set_dns(config.network, conf);
}

std::string detach_keys(const std::optional<std::string>& typed, const ContainersConf& conf) {
    if (typed) return *typed;
    return conf.text("engine.detach_keys").value_or(std::string(container::kDefaultDetachKeys));
}

}  // namespace rpod::cli
