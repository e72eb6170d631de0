// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "oci/runtime_spec.hh"

#include <algorithm>
#include <set>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::oci {
namespace {

/// Far above what anyone writes, low enough that nothing quadratic hurts.
constexpr size_t kMaxList = 1 << 14;
/// user_namespaces(7)
constexpr size_t kMaxIdMappings = 340;
/// NGROUPS_MAX, and the kernel's bound of UTS names
constexpr size_t kMaxGroups = 65536;
constexpr size_t kMaxUtsName = 64;

template <class List>
void require_count(const List& list, size_t max, std::string_view where) {
    if (list.size() > max) throw Error("{}: more than {} entries", where, max);
}

/// What the kernel takes as a C string cannot hold a NUL byte; JSON and image configurations can.
void require_text(const std::string& text, std::string_view where) {
    if (text.find('\0') != std::string::npos) {
        throw Error("{}: '{}' holds a NUL byte", where, printable(text));
    }
}

void require_texts(const std::vector<std::string>& texts, std::string_view where) {
    require_count(texts, kMaxList, where);
    for (const auto& text : texts) require_text(text, where);
}

void require_absolute(const std::string& path, std::string_view where) {
    require_text(path, where);
    if (!path.starts_with('/')) throw Error("{}: '{}' is not an absolute path", where, printable(path));
}

void require_absolute(const std::vector<std::string>& paths, std::string_view where) {
    require_count(paths, kMaxList, where);
    for (const auto& path : paths) require_absolute(path, where);
}

/// "CAP_CHOWN", "RLIMIT_NOFILE"
void require_constant(const std::string& text, std::string_view prefix, std::string_view where) {
    const bool good = text.size() > prefix.size() && text.size() < 64 && text.starts_with(prefix) &&
                      std::all_of(text.begin(), text.end(), [](char c) {
                          return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
                      });
    if (!good) throw Error("{}: '{}' is not a name {}…", where, printable(text), prefix);
}

void validate_env(const std::vector<std::string>& env) {
    require_texts(env, "process.env");
    for (const auto& entry : env) {
        const auto equals = entry.find('=');
        if (equals == std::string::npos || equals == 0) {
            throw Error("process.env: '{}' is not NAME=VALUE", printable(entry));
        }
    }
}

void validate_rlimits(const std::vector<Rlimit>& rlimits) {
    std::set<std::string> seen;
    for (const auto& limit : rlimits) {
        require_constant(limit.type, "RLIMIT_", "process.rlimits");
        if (!seen.insert(limit.type).second) throw Error("process.rlimits: {} appears twice", limit.type);
        if (limit.soft > limit.hard) {
            throw Error("process.rlimits: {}: the soft limit {} is above the hard limit {}", limit.type,
                        limit.soft, limit.hard);
        }
    }
}

void validate_capabilities(const Capabilities& caps) {
    const std::pair<const char*, const std::vector<std::string>*> sets[] = {
        {"bounding", &caps.bounding},       {"effective", &caps.effective}, {"permitted", &caps.permitted},
        {"inheritable", &caps.inheritable}, {"ambient", &caps.ambient},
    };
    for (const auto& [set, names] : sets) {
        const auto where = fmt::format("process.capabilities.{}", set);
        require_count(*names, kMaxList, where);
        for (const auto& capability : *names) require_constant(capability, "CAP_", where);
    }
}

void validate_process(const Process& p) {
    if (p.args.empty()) throw Error("process.args: nothing to run");
    require_texts(p.args, "process.args");
    validate_env(p.env);
    require_absolute(p.cwd, "process.cwd");
    require_count(p.user.additional_gids, kMaxGroups, "process.user.additionalGids");
    if (p.user.name) require_text(*p.user.name, "rpod.user");
    require_texts(p.user.group_names, "rpod.groups");
    if (p.capabilities) validate_capabilities(*p.capabilities);
    validate_rlimits(p.rlimits);
    if (p.oom_score_adj && (*p.oom_score_adj < -1000 || *p.oom_score_adj > 1000)) {
        throw Error("process.oomScoreAdj: {} is not from -1000 to 1000", *p.oom_score_adj);
    }
    require_text(p.apparmor_profile, "process.apparmorProfile");
    require_text(p.selinux_label, "process.selinuxLabel");
}

/// The kernel's rules for uid_map: no empty line, no ID twice on either side.
void validate_id_mappings(const std::vector<IdMapping>& mappings, std::string_view where) {
    require_count(mappings, kMaxIdMappings, where);
    const auto overlap = [](uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size) {
        return uint64_t{a} < uint64_t{b} + b_size && uint64_t{b} < uint64_t{a} + a_size;
    };
    for (size_t i = 0; i < mappings.size(); ++i) {
        const auto& m = mappings[i];
        if (m.size == 0) throw Error("{}[{}]: the size is 0", where, i);
        if (uint64_t{m.container_id} + m.size > UINT32_MAX || uint64_t{m.host_id} + m.size > UINT32_MAX) {
            throw Error("{}[{}]: the range ends above the largest ID", where, i);
        }
        for (size_t j = 0; j < i; ++j) {
            const auto& o = mappings[j];
            if (overlap(m.container_id, m.size, o.container_id, o.size) ||
                overlap(m.host_id, m.size, o.host_id, o.size)) {
                throw Error("{}[{}]: overlaps [{}]", where, i, j);
            }
        }
    }
}

void validate_mounts(const std::vector<Mount>& mounts) {
    require_count(mounts, kMaxList, "mounts");
    for (size_t i = 0; i < mounts.size(); ++i) {
        const auto& mount = mounts[i];
        const auto where = fmt::format("mounts[{}]", i);
        require_absolute(mount.destination, where + ".destination");
        require_text(mount.type, where + ".type");
        require_text(mount.source, where + ".source");
        require_texts(mount.options, where + ".options");
        validate_id_mappings(mount.uid_mappings, where + ".uidMappings");
        validate_id_mappings(mount.gid_mappings, where + ".gidMappings");
    }
}

void validate_hooks(const std::vector<Hook>& hooks, std::string_view where) {
    require_count(hooks, kMaxList, where);
    for (const auto& hook : hooks) {
        require_absolute(hook.path, where);
        require_texts(hook.args, where);
        require_texts(hook.env, where);
        if (hook.timeout && *hook.timeout <= 0) throw Error("{}: the timeout is not above 0", where);
    }
}

void validate_hooks(const Hooks& hooks) {
    validate_hooks(hooks.prestart, "hooks.prestart");
    validate_hooks(hooks.create_runtime, "hooks.createRuntime");
    validate_hooks(hooks.create_container, "hooks.createContainer");
    validate_hooks(hooks.start_container, "hooks.startContainer");
    validate_hooks(hooks.poststart, "hooks.poststart");
    validate_hooks(hooks.poststop, "hooks.poststop");
}

void validate_namespaces(const Linux& linux) {
    std::set<NamespaceType> seen;
    for (const auto& ns : linux.namespaces) {
        if (!seen.insert(ns.type).second) {
            throw Error("linux.namespaces: '{}' appears twice", name(ns.type));
        }
        if (!ns.path.empty()) require_absolute(ns.path, fmt::format("linux.namespaces.{}", name(ns.type)));
    }
    const auto* user = linux.find_namespace(NamespaceType::user);
    if ((!linux.uid_mappings.empty() || !linux.gid_mappings.empty()) && (!user || !user->path.empty())) {
        throw Error("linux.uidMappings, linux.gidMappings: there is no new user namespace to map IDs in");
    }
}

void validate_devices(const std::vector<Device>& devices) {
    require_count(devices, kMaxList, "linux.devices");
    for (const auto& device : devices) {
        require_absolute(device.path, "linux.devices");
        if (std::string_view("cbup").find(device.type) == std::string_view::npos) {
            throw Error("linux.devices: '{}': there is no device type '{}'", printable(device.path),
                        printable(std::string_view(&device.type, 1)));
        }
        if (device.major < 0 || device.minor < 0 || device.major > UINT32_MAX || device.minor > UINT32_MAX) {
            throw Error("linux.devices: '{}': bad device number {}:{}", printable(device.path), device.major,
                        device.minor);
        }
    }
}

void validate_sysctl(const std::map<std::string, std::string>& sysctl) {
    require_count(sysctl, kMaxList, "linux.sysctl");
    for (const auto& [key, value] : sysctl) {
        require_text(value, "linux.sysctl." + printable(key));
        const bool good = !key.empty() && key.find("..") == std::string::npos && !key.starts_with('/') &&
                          std::all_of(key.begin(), key.end(),
                                      [](unsigned char c) { return c > ' ' && c < 0x7f && c != '\\'; });
        if (!good) throw Error("linux.sysctl: '{}' is not the name of a sysctl", printable(key));
    }
}

void validate_seccomp(const Linux& linux) {
    const auto& profile = linux.seccomp_profile;
    if (!profile.empty() && profile != "default") require_absolute(profile, "rpod.seccompProfile");
    if (!profile.empty() && linux.seccomp) {
        throw Error("linux.seccomp and rpod.seccompProfile: only one of them can be used");
    }
    if (!linux.seccomp) return;
    require_count(linux.seccomp->syscalls, kMaxList, "linux.seccomp.syscalls");
    for (const auto& rule : linux.seccomp->syscalls) {
        if (rule.names.empty()) throw Error("linux.seccomp.syscalls.names: a rule names no system call");
        require_texts(rule.names, "linux.seccomp.syscalls.names");
    }
}

void validate_time_offsets(const Linux& linux) {
    for (const auto& [clock, offset] : linux.time_offsets) {
        if (clock != "monotonic" && clock != "boottime")
            throw Error("linux.timeOffsets: there is no clock '{}'", printable(clock));
    }
    const auto* time = linux.find_namespace(NamespaceType::time);
    if (!linux.time_offsets.empty() && (!time || !time->path.empty()))
        throw Error("linux.timeOffsets: there is no new time namespace to have them");
}

void validate_linux(const Linux& linux) {
    validate_namespaces(linux);
    validate_id_mappings(linux.uid_mappings, "linux.uidMappings");
    validate_id_mappings(linux.gid_mappings, "linux.gidMappings");
    validate_devices(linux.devices);
    validate_sysctl(linux.sysctl);
    require_text(linux.cgroups_path, "linux.cgroupsPath");
    static const std::set<std::string_view> propagations = {
        "", "private", "slave", "shared", "rprivate", "rslave", "rshared", "unbindable", "runbindable"};
    if (!propagations.count(linux.rootfs_propagation)) {
        throw Error("linux.rootfsPropagation: there is no propagation '{}'",
                    printable(linux.rootfs_propagation));
    }
    require_absolute(linux.masked_paths, "linux.maskedPaths");
    require_absolute(linux.readonly_paths, "linux.readonlyPaths");
    validate_seccomp(linux);
    validate_time_offsets(linux);
    if (linux.personality && linux.personality->domain != "LINUX" && linux.personality->domain != "LINUX32") {
        throw Error("linux.personality.domain: there is no domain '{}'",
                    printable(linux.personality->domain));
    }
}

void validate_uts_names(const RuntimeSpec& spec) {
    for (const auto& [where, text] : {std::pair<const char*, const std::string&>("hostname", spec.hostname),
                                      {"domainname", spec.domainname}}) {
        require_text(text, where);
        if (text.size() > kMaxUtsName) throw Error("{}: longer than {} bytes", where, kMaxUtsName);
        if (!text.empty() && !spec.linux.find_namespace(NamespaceType::uts)) {
            throw Error("{}: needs a UTS namespace", where);
        }
    }
}

}  // namespace

const char* name(NamespaceType type) noexcept {
    switch (type) {
        case NamespaceType::pid:
            return "pid";
        case NamespaceType::network:
            return "network";
        case NamespaceType::mount:
            return "mount";
        case NamespaceType::ipc:
            return "ipc";
        case NamespaceType::uts:
            return "uts";
        case NamespaceType::user:
            return "user";
        case NamespaceType::cgroup:
            return "cgroup";
        case NamespaceType::time:
            return "time";
    }
    return "?";
}

const Namespace* Linux::find_namespace(NamespaceType type) const noexcept {
    for (const auto& ns : namespaces) {
        if (ns.type == type) return &ns;
    }
    return nullptr;
}

void RuntimeSpec::validate() const {
    if (!oci_version.starts_with("1.")) {
        throw Error("ociVersion: '{}' is not a version 1", printable(oci_version));
    }
    validate_process(process);
    if (root.path.empty()) throw Error("root.path: is empty");
    require_text(root.path, "root.path");
    validate_uts_names(*this);
    validate_mounts(mounts);
    validate_hooks(hooks);
    require_count(annotations, kMaxList, "annotations");
    validate_linux(linux);
}

void RuntimeSpec::require_supported() const {
    if (!unsupported.empty()) throw Error("{}: not supported", unsupported.front());
}

RuntimeSpec default_runtime_spec(uint32_t uid, uint32_t gid) {
    const std::vector<std::string> caps = {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};
    using Options = std::vector<std::string>;
    const auto mount = [](const char* destination, const char* type, const char* source, Options options) {
        return Mount{
            .destination = destination, .type = type, .source = source, .options = std::move(options)};
    };
    RuntimeSpec spec;
    spec.process.terminal = true;
    spec.process.args = {"sh"};
    spec.process.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"};
    spec.process.capabilities = Capabilities{
        .bounding = caps, .effective = caps, .permitted = caps, .inheritable = {}, .ambient = caps};
    spec.process.rlimits = {Rlimit{.type = "RLIMIT_NOFILE", .soft = 1024, .hard = 1024}};
    spec.process.no_new_privileges = true;
    spec.root = {.path = "rootfs", .readonly = true};
    spec.hostname = "rpod";
    spec.mounts = {
        mount("/proc", "proc", "proc", {}),
        mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
        mount("/dev/pts", "devpts", "devpts",
              {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}),
        mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}),
        mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}),
        mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}),
        mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}),
    };
    spec.linux.uid_mappings = {IdMapping{.container_id = 0, .host_id = uid, .size = 1}};
    spec.linux.gid_mappings = {IdMapping{.container_id = 0, .host_id = gid, .size = 1}};
    for (const auto type :
         {NamespaceType::pid, NamespaceType::network, NamespaceType::ipc, NamespaceType::uts,
          NamespaceType::user, NamespaceType::mount, NamespaceType::cgroup}) {
        spec.linux.namespaces.push_back(Namespace{.type = type, .path = {}});
    }
    spec.linux.masked_paths = {"/proc/acpi",       "/proc/asound",      "/proc/interrupts",
                               "/proc/kcore",      "/proc/keys",        "/proc/latency_stats",
                               "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
                               "/proc/scsi",       "/sys/firmware",     "/sys/devices/virtual/powercap"};
    spec.linux.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
    return spec;
}

}  // namespace rpod::oci
