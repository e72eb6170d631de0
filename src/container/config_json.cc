// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "base/error.hh"
#include "base/json.hh"
#include "container/config.hh"
#include "container/enum_names.hh"
#include "container/health_json.hh"
#include "container/mount_json.hh"
#include "container/port_json.hh"

// The record config.json, version 1:
//
//   {"version": 1, "id": "4f…", "name": "web", "image": "debian:12", "command": ["sh"], "env": ["A=b"],
//    "mounts": [{"type": "tmpfs", "destination": "/x", …}], "namespaces": {"pid": {"mode": "private"}, …},
//    "userns": {…}, "network": {…}, "security": {…}, …}
//
// A member that has its default may be absent. A reader refuses another version; members that it does not
// know are of a newer rpod that kept the version because leaving them out does no harm.

namespace rpod::container {
namespace {

constexpr int kVersion = 1;

constexpr EnumNames<NamespaceMode, 7> kNamespaceModes{{{NamespaceMode::private_, "private"},
                                                       {NamespaceMode::host, "host"},
                                                       {NamespaceMode::none, "none"},
                                                       {NamespaceMode::shareable, "shareable"},
                                                       {NamespaceMode::container, "container"},
                                                       {NamespaceMode::path, "path"},
                                                       {NamespaceMode::pod, "pod"}}};
constexpr EnumNames<UsernsConfig::Mode, 7> kUsernsModes{{{UsernsConfig::Mode::host, "host"},
                                                         {UsernsConfig::Mode::keep_id, "keep-id"},
                                                         {UsernsConfig::Mode::nomap, "nomap"},
                                                         {UsernsConfig::Mode::automatic, "auto"},
                                                         {UsernsConfig::Mode::maps, "maps"},
                                                         {UsernsConfig::Mode::container, "container"},
                                                         {UsernsConfig::Mode::path, "path"}}};
constexpr EnumNames<SeccompChoice::Mode, 3> kSeccompModes{{{SeccompChoice::Mode::standard, "default"},
                                                           {SeccompChoice::Mode::unconfined, "unconfined"},
                                                           {SeccompChoice::Mode::file, "file"}}};
constexpr EnumNames<PullPolicy, 4> kPullPolicies{{{PullPolicy::missing, "missing"},
                                                  {PullPolicy::always, "always"},
                                                  {PullPolicy::never, "never"},
                                                  {PullPolicy::newer, "newer"}}};
constexpr EnumNames<ImageVolumes, 3> kImageVolumes{{{ImageVolumes::anonymous, "anonymous"},
                                                    {ImageVolumes::tmpfs, "tmpfs"},
                                                    {ImageVolumes::ignore, "ignore"}}};
constexpr EnumNames<SystemdMode, 3> kSystemdModes{
    {{SystemdMode::off, "false"}, {SystemdMode::automatic, "true"}, {SystemdMode::always, "always"}}};

// Write side
// -------------------------------------------------------------------------------------------------------

void set_text(json::Builder& out, std::string_view key, const std::string& value) {
    if (!value.empty()) out.set(key, value);
}
void set_flag(json::Builder& out, std::string_view key, bool value, bool fallback = false) {
    if (value != fallback) out.set(key, value);
}
void set_list(json::Builder& out, std::string_view key, const std::vector<std::string>& values) {
    if (!values.empty()) out.set(key, json::Builder::of(values));
}
void set_map(json::Builder& out, std::string_view key, const std::map<std::string, std::string>& values) {
    if (!values.empty()) out.set(key, json::Builder::of(values));
}
void set_env(json::Builder& out, std::string_view key, const std::vector<EnvVar>& env) {
    std::vector<std::string> lines;
    for (const auto& e : env) lines.push_back(e.name + "=" + e.value);
    set_list(out, key, lines);
}
template <class T>
void set_optional(json::Builder& out, std::string_view key, const std::optional<T>& value) {
    if (value) out.set(key, static_cast<int64_t>(*value));
}

json::Builder namespace_to_json(const NamespaceChoice& choice) {
    auto out = json::Builder::object();
    out.set("mode", name_of(kNamespaceModes, choice.mode));
    set_text(out, "target", choice.target);
    return out;
}

void set_id_maps(json::Builder& out, std::string_view key, const std::vector<IdMapping>& maps) {
    if (maps.empty()) return;
    auto list = json::Builder::array();
    for (const auto& m : maps) {
        auto line = json::Builder::object();
        line.set("inside", m.inside).set("outside", m.outside).set("count", m.count);
        set_flag(line, "outside_is_host", m.outside_is_host);
        list.push(std::move(line));
    }
    out.set(key, std::move(list));
}

json::Builder userns_to_json(const UsernsConfig& u) {
    auto out = json::Builder::object();
    out.set("mode", name_of(kUsernsModes, u.mode));
    set_optional(out, "keep_uid", u.keep_uid);
    set_optional(out, "keep_gid", u.keep_gid);
    set_optional(out, "size", u.size);
    set_id_maps(out, "uid_maps", u.uid_maps);
    set_id_maps(out, "gid_maps", u.gid_maps);
    set_text(out, "subuid_name", u.subuid_name);
    set_text(out, "subgid_name", u.subgid_name);
    set_text(out, "target", u.target);
    return out;
}

json::Builder network_to_json(const NetworkConfig& n) {
    auto out = json::Builder::object();
    set_list(out, "networks", n.networks);
    set_list(out, "publish", n.publish);
    set_flag(out, "publish_all", n.publish_all);
    set_flag(out, "publish_fallback", n.publish_fallback);
    if (!n.ports.empty()) out.set("ports", ports_to_json(n.ports));
    set_list(out, "expose", n.expose);
    set_list(out, "dns_servers", n.dns_servers);
    set_list(out, "dns_search", n.dns_search);
    set_list(out, "dns_options", n.dns_options);
    set_list(out, "add_host", n.add_host);
    set_flag(out, "no_hosts", n.no_hosts);
    return out;
}

json::Builder security_to_json(const SecurityConfig& s) {
    auto out = json::Builder::object();
    set_flag(out, "privileged", s.privileged);
    set_list(out, "cap_add", s.cap_add);
    set_list(out, "cap_drop", s.cap_drop);
    out.set("seccomp", name_of(kSeccompModes, s.seccomp.mode));
    set_text(out, "seccomp_path", s.seccomp.path);
    set_flag(out, "no_new_privileges", s.no_new_privileges);
    set_list(out, "mask", s.mask);
    set_list(out, "unmask", s.unmask);
    set_list(out, "label_options", s.label_options);
    set_text(out, "proc_options", s.proc_options);
    return out;
}

json::Builder limits_to_json(const std::vector<Ulimit>& limits) {
    auto list = json::Builder::array();
    for (const auto& l : limits) {
        auto line = json::Builder::object();
        line.set("name", l.name).set("soft", l.soft).set("hard", l.hard);
        list.push(std::move(line));
    }
    return list;
}

json::Builder devices_to_json(const std::vector<Device>& devices) {
    auto list = json::Builder::array();
    for (const auto& d : devices) {
        auto line = json::Builder::object();
        line.set("host_path", d.host_path).set("container_path", d.container_path);
        line.set("permissions", d.permissions);
        list.push(std::move(line));
    }
    return list;
}

json::Builder secrets_to_json(const std::vector<SecretUse>& secrets) {
    auto list = json::Builder::array();
    for (const auto& s : secrets) {
        auto line = json::Builder::object();
        line.set("name", s.name).set("id", s.id).set("target", s.target);
        set_flag(line, "env", s.env);
        line.set("uid", s.uid).set("gid", s.gid).set("mode", s.mode);
        list.push(std::move(line));
    }
    return list;
}

void set_process(json::Builder& out, const ContainerConfig& c) {
    if (c.entrypoint) out.set("entrypoint", json::Builder::of(*c.entrypoint));
    set_list(out, "command", c.command);
    set_text(out, "workdir", c.workdir);
    set_text(out, "user", c.user);
    set_list(out, "group_add", c.group_add);
    set_flag(out, "keep_groups", c.keep_groups);
    out.set("add_accounts", c.add_accounts);
    set_text(out, "passwd_entry", c.passwd_entry);
    set_text(out, "group_entry", c.group_entry);
    set_env(out, "host_env", c.host_env);
    set_env(out, "env", c.env);
    set_list(out, "unset_env", c.unset_env);
    set_flag(out, "unset_env_all", c.unset_env_all);
    set_map(out, "labels", c.labels);
    set_map(out, "annotations", c.annotations);
    set_text(out, "hostname", c.hostname);
    set_flag(out, "no_hostname", c.no_hostname);
    set_flag(out, "tty", c.tty);
    set_flag(out, "stdin_open", c.stdin_open);
}

void set_life(json::Builder& out, const ContainerConfig& c) {
    set_flag(out, "remove", c.remove);
    set_flag(out, "init", c.init);
    set_text(out, "stop_signal", c.stop_signal);
    set_optional(out, "stop_timeout_s", c.stop_timeout_s);
    if (c.timeout_s != 0) out.set("timeout_s", c.timeout_s);
    out.set("pull", name_of(kPullPolicies, c.pull));
    out.set("systemd", name_of(kSystemdModes, c.systemd));
    out.set("storage_driver", runtime::name(c.storage_driver));
    auto log = json::Builder::object();
    log.set("driver", c.log.driver);
    set_map(log, "options", c.log.options);
    out.set("log", std::move(log));
    set_text(out, "restart", c.restart);
    if (c.health != HealthConfig{}) out.set("health", health_to_json(c.health));
    set_text(out, "cidfile", c.cidfile);
    set_text(out, "pidfile", c.pidfile);
    set_text(out, "conmon_pidfile", c.conmon_pidfile);
}

void set_file_system(json::Builder& out, const ContainerConfig& c) {
    set_flag(out, "read_only", c.read_only);
    set_flag(out, "read_only_tmpfs", c.read_only_tmpfs, true);
    if (!c.mounts.empty()) {
        auto mounts = json::Builder::array();
        for (const auto& m : c.mounts) mounts.push(mount_to_json(m));
        out.set("mounts", std::move(mounts));
    }
    set_list(out, "volumes_from", c.volumes_from);
    if (!c.secrets.empty()) out.set("secrets", secrets_to_json(c.secrets));
    out.set("image_volumes", name_of(kImageVolumes, c.image_volumes));
    if (!c.devices.empty()) out.set("devices", devices_to_json(c.devices));
    out.set("shm_size_bytes", c.shm_size_bytes);
    set_text(out, "tz", c.tz);
}

// Read side
// --------------------------------------------------------------------------------------------------------

uint32_t uint32_or(const json::Value& v, std::string_view key, uint32_t fallback) {
    const auto member = v.find(key);
    return member ? static_cast<uint32_t>(member->as_uint(UINT32_MAX)) : fallback;
}

runtime::StorageDriver driver_or(const json::Value& v, std::string_view key,
                                 runtime::StorageDriver fallback) {
    const auto member = v.find(key);
    if (!member) return fallback;
    const auto driver = runtime::find_storage_driver(member->as_string());
    if (!driver) throw Error("{}: unknown value '{}'", member->path(), member->as_string());
    return *driver;
}

std::optional<uint32_t> optional_uint32(const json::Value& v, std::string_view key) {
    if (!v.find(key)) return std::nullopt;
    return uint32_or(v, key, 0);
}

std::vector<EnvVar> env_from(const json::Value& v, std::string_view key) {
    std::vector<EnvVar> env;
    for (const auto& line : v.strings_or_empty(key)) {
        const size_t at = line.find('=');
        if (at == std::string::npos || at == 0)
            throw Error("{}: '{}' is not NAME=VALUE", v.at(key).path(), line);
        env.push_back(EnvVar{line.substr(0, at), line.substr(at + 1)});
    }
    return env;
}

/// The elements of the array member `key`, each through fn; nothing where it is absent.
template <class Fn>
auto list_from(const json::Value& v, std::string_view key, Fn fn) {
    std::vector<decltype(fn(v))> out;
    if (const auto member = v.find(key)) {
        for (const auto& element : member->elements()) out.push_back(fn(element));
    }
    return out;
}

NamespaceChoice namespace_from(const json::Value& namespaces, std::string_view key) {
    const auto v = namespaces.find(key);
    if (!v) return {};
    return NamespaceChoice{enum_or(*v, "mode", kNamespaceModes, NamespaceMode::private_),
                           v->string_or("target")};
}

IdMapping id_mapping_from(const json::Value& v) {
    return IdMapping{uint32_or(v, "inside", 0), uint32_or(v, "outside", 0), uint32_or(v, "count", 1),
                     v.bool_or("outside_is_host", false)};
}

UsernsConfig userns_from(const json::Value& v) {
    UsernsConfig u;
    u.mode = enum_or(v, "mode", kUsernsModes, u.mode);
    u.keep_uid = optional_uint32(v, "keep_uid");
    u.keep_gid = optional_uint32(v, "keep_gid");
    u.size = optional_uint32(v, "size");
    u.uid_maps = list_from(v, "uid_maps", id_mapping_from);
    u.gid_maps = list_from(v, "gid_maps", id_mapping_from);
    u.subuid_name = v.string_or("subuid_name");
    u.subgid_name = v.string_or("subgid_name");
    u.target = v.string_or("target");
    return u;
}

NetworkConfig network_from(const json::Value& v) {
    NetworkConfig n;
    n.networks = v.strings_or_empty("networks");
    n.publish = v.strings_or_empty("publish");
    n.publish_all = v.bool_or("publish_all", false);
    n.publish_fallback = v.bool_or("publish_fallback", false);
    n.ports = list_from(v, "ports", port_from_json);
    n.expose = v.strings_or_empty("expose");
    n.dns_servers = v.strings_or_empty("dns_servers");
    n.dns_search = v.strings_or_empty("dns_search");
    n.dns_options = v.strings_or_empty("dns_options");
    n.add_host = v.strings_or_empty("add_host");
    n.no_hosts = v.bool_or("no_hosts", false);
    return n;
}

SecurityConfig security_from(const json::Value& v) {
    SecurityConfig s;
    s.privileged = v.bool_or("privileged", false);
    s.cap_add = v.strings_or_empty("cap_add");
    s.cap_drop = v.strings_or_empty("cap_drop");
    s.seccomp.mode = enum_or(v, "seccomp", kSeccompModes, s.seccomp.mode);
    s.seccomp.path = v.string_or("seccomp_path");
    s.no_new_privileges = v.bool_or("no_new_privileges", false);
    s.mask = v.strings_or_empty("mask");
    s.unmask = v.strings_or_empty("unmask");
    s.label_options = v.strings_or_empty("label_options");
    s.proc_options = v.string_or("proc_options");
    return s;
}

Ulimit ulimit_from(const json::Value& v) {
    return Ulimit{v.at("name").as_string(), v.at("soft").as_int(kUnlimited), v.at("hard").as_int(kUnlimited)};
}

Device device_from(const json::Value& v) {
    return Device{v.at("host_path").as_string(), v.at("container_path").as_string(),
                  v.at("permissions").as_string()};
}

SecretUse secret_from(const json::Value& v) {
    SecretUse s;
    s.name = v.at("name").as_string();
    s.id = v.string_or("id");
    s.env = v.bool_or("env", false);
    s.target = v.at("target").as_string();
    s.uid = uint32_or(v, "uid", 0);
    s.gid = uint32_or(v, "gid", 0);
    s.mode = uint32_or(v, "mode", s.mode) & 0777;
    return s;
}

void read_process(const json::Value& v, ContainerConfig& c) {
    if (const auto entrypoint = v.find("entrypoint")) c.entrypoint = entrypoint->as_strings();
    c.command = v.strings_or_empty("command");
    c.workdir = v.string_or("workdir");
    c.user = v.string_or("user");
    c.group_add = v.strings_or_empty("group_add");
    c.keep_groups = v.bool_or("keep_groups", false);
    c.add_accounts = v.bool_or("add_accounts", true);
    c.passwd_entry = v.string_or("passwd_entry", "");
    c.group_entry = v.string_or("group_entry", "");
    c.host_env = env_from(v, "host_env");
    c.env = env_from(v, "env");
    c.unset_env = v.strings_or_empty("unset_env");
    c.unset_env_all = v.bool_or("unset_env_all", false);
    c.labels = v.string_map_or_empty("labels");
    c.annotations = v.string_map_or_empty("annotations");
    c.hostname = v.string_or("hostname");
    c.no_hostname = v.bool_or("no_hostname", false);
    c.tty = v.bool_or("tty", false);
    c.stdin_open = v.bool_or("stdin_open", false);
}

void read_life(const json::Value& v, ContainerConfig& c) {
    c.remove = v.bool_or("remove", false);
    c.init = v.bool_or("init", false);
    c.stop_signal = v.string_or("stop_signal");
    c.stop_timeout_s = optional_uint32(v, "stop_timeout_s");
    c.timeout_s = uint32_or(v, "timeout_s", 0);
    c.pull = enum_or(v, "pull", kPullPolicies, c.pull);
    c.systemd = enum_or(v, "systemd", kSystemdModes, c.systemd);
    c.storage_driver = driver_or(v, "storage_driver", c.storage_driver);
    if (const auto log = v.find("log")) {
        c.log.driver = log->string_or("driver", c.log.driver);
        c.log.options = log->string_map_or_empty("options");
    }
    c.restart = v.string_or("restart");
    if (const auto health = v.find("health")) c.health = health_from_json(*health);
    c.cidfile = v.string_or("cidfile");
    c.pidfile = v.string_or("pidfile");
    c.conmon_pidfile = v.string_or("conmon_pidfile");
}

void read_file_system(const json::Value& v, ContainerConfig& c) {
    c.read_only = v.bool_or("read_only", false);
    c.read_only_tmpfs = v.bool_or("read_only_tmpfs", true);
    c.mounts = list_from(v, "mounts", mount_from_json);
    c.volumes_from = v.strings_or_empty("volumes_from");
    c.secrets = list_from(v, "secrets", secret_from);
    c.image_volumes = enum_or(v, "image_volumes", kImageVolumes, c.image_volumes);
    c.devices = list_from(v, "devices", device_from);
    if (const auto size = v.find("shm_size_bytes")) c.shm_size_bytes = size->as_uint();
    c.tz = v.string_or("tz");
}

}  // namespace

std::string to_json(const ContainerConfig& c) {
    auto out = json::Builder::object();
    out.set("version", kVersion).set("id", c.id).set("name", c.name);
    set_text(out, "image", c.image);
    set_text(out, "image_name", c.image_name);
    set_text(out, "image_id", c.image_id);
    set_text(out, "pod", c.pod);
    set_text(out, "init_container", c.init_container);
    if (c.rootfs) {
        auto rootfs = json::Builder::object();
        rootfs.set("path", c.rootfs->path).set("overlay", c.rootfs->overlay);
        out.set("rootfs", std::move(rootfs));
    }
    set_process(out, c);
    set_life(out, c);
    set_file_system(out, c);
    auto namespaces = json::Builder::object();
    namespaces.set("pid", namespace_to_json(c.pid)).set("ipc", namespace_to_json(c.ipc));
    namespaces.set("uts", namespace_to_json(c.uts)).set("cgroup", namespace_to_json(c.cgroupns));
    out.set("namespaces", std::move(namespaces));
    out.set("userns", userns_to_json(c.userns));
    out.set("network", network_to_json(c.network));
    out.set("security", security_to_json(c.security));
    if (!c.ulimits.empty()) out.set("ulimits", limits_to_json(c.ulimits));
    set_flag(out, "ulimits_host", c.ulimits_host);
    set_map(out, "sysctls", c.sysctls);
    out.set("umask", c.umask);
    set_optional(out, "oom_score_adj", c.oom_score_adj);
    return out.dump(1) + "\n";
}

ContainerConfig config_from_json(std::string_view text, std::string what) {
    const auto v = json::Value::parse(text, std::move(what));
    if (const auto version = v.at("version").as_int(); version != kVersion) {
        throw Error("{}: version {} was written by another rpod; this one reads version {}", v.path(),
                    version, kVersion);
    }
    ContainerConfig c;
    c.id = v.at("id").as_string();
    c.name = v.at("name").as_string();
    c.image = v.string_or("image");
    c.image_name = v.string_or("image_name");
    c.image_id = v.string_or("image_id");
    c.pod = v.string_or("pod");
    c.init_container = v.string_or("init_container");
    if (const auto rootfs = v.find("rootfs")) {
        c.rootfs = RootfsDir{rootfs->at("path").as_string(), rootfs->bool_or("overlay", false)};
    }
    read_process(v, c);
    read_life(v, c);
    read_file_system(v, c);
    if (const auto namespaces = v.find("namespaces")) {
        c.pid = namespace_from(*namespaces, "pid");
        c.ipc = namespace_from(*namespaces, "ipc");
        c.uts = namespace_from(*namespaces, "uts");
        c.cgroupns = namespace_from(*namespaces, "cgroup");
    }
    if (const auto userns = v.find("userns")) c.userns = userns_from(*userns);
    if (const auto network = v.find("network")) c.network = network_from(*network);
    if (const auto security = v.find("security")) c.security = security_from(*security);
    c.ulimits = list_from(v, "ulimits", ulimit_from);
    c.ulimits_host = v.bool_or("ulimits_host", false);
    c.sysctls = v.string_map_or_empty("sysctls");
    c.umask = uint32_or(v, "umask", c.umask) & 0777;
    if (v.find("oom_score_adj"))
        c.oom_score_adj = static_cast<int>(v.at("oom_score_adj").as_int(-1000, 1000));
    return c;
}

}  // namespace rpod::container
