// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/parse_namespace.hh"
#include "container/parse_path.hh"
#include "container/spec_parts.hh"

namespace rpod::container {
namespace {

using Strings = std::vector<std::string>;

bool is_below(std::string_view path, std::string_view directory) {
    return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

oci::Mount mount_of(std::string destination, std::string type, std::string source, Strings options) {
    oci::Mount m;
    m.destination = std::move(destination);
    m.type = std::move(type);
    m.source = std::move(source);
    m.options = std::move(options);
    return m;
}

// What every container has
// ----------------------------------------------------------------------------------------

oci::Mount proc_mount(const SpecInput& in) {
    // procfs shows a PID namespace; mounting one needs to own it.
    if (in.config.pid.mode == NamespaceMode::host) {
        return mount_of("/proc", "bind", "/proc", {"rbind", "rprivate", "nosuid", "noexec", "nodev"});
    }
    Strings options{"nosuid", "noexec", "nodev"};
    const std::string& more = in.config.security.proc_options;
    if (!more.empty()) {
        for (const auto option : split(more, ',')) options.emplace_back(option);
    }
    return mount_of("/proc", "proc", "proc", options);
}

bool owns_network(NamespaceMode network) {
    return network == NamespaceMode::private_ || network == NamespaceMode::none ||
           network == NamespaceMode::pod;
}

oci::Mount sys_mount(const SpecInput& in) {
    const std::string access = in.config.security.privileged ? "rw" : "ro";
    const auto network = network_namespace(in.config.network).mode;
    // sysfs shows a network namespace; mounting one needs to own it, and one that is joined is another's.
    // That of a pod belongs to the user namespace of its containers.
    if (owns_network(network)) {
        return mount_of("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", access});
    }
    return mount_of("/sys", "bind", "/sys", {"rbind", "rprivate", "nosuid", "noexec", "nodev", access});
}

oci::Mount pts_mount(const SpecInput& in) {
    Strings options{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"};
    const auto& map = in.facts.gid_map;
    constexpr uint32_t kTtyGroup = 5;
    const bool mapped = map.empty() || std::any_of(map.begin(), map.end(), [](const oci::IdMapping& m) {
                            return m.container_id <= kTtyGroup && kTtyGroup - m.container_id < m.size;
                        });
    // devpts refuses a group that the user namespace does not have.
    if (mapped) options.emplace_back("gid=5");
    return mount_of("/dev/pts", "devpts", "devpts", options);
}

void add_ipc_mounts(const SpecInput& in, std::vector<oci::Mount>& out) {
    const auto bind = [&](const char* destination, const std::string& source) {
        out.push_back(
            mount_of(destination, "bind", source, {"rbind", "rprivate", "nosuid", "noexec", "nodev"}));
    };
    const auto& c = in.config;
    switch (c.ipc.mode) {
        case NamespaceMode::host:
            if (in.facts.has_mqueue) bind("/dev/mqueue", "/dev/mqueue");
            bind("/dev/shm", "/dev/shm");
            return;
        case NamespaceMode::container:
        case NamespaceMode::path:
            // mqueue shows an IPC namespace; mounting one needs to own it.
            if (!in.facts.shared_mqueue.empty()) bind("/dev/mqueue", in.facts.shared_mqueue);
            if (!in.facts.shared_shm.empty()) bind("/dev/shm", in.facts.shared_shm);
            return;
        default:
            break;
    }
    out.push_back(mount_of("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}));
    if (c.ipc.mode == NamespaceMode::none) return;
    if (c.ipc.mode == NamespaceMode::pod) return bind("/dev/shm", in.facts.shared_shm);
    out.push_back(
        mount_of("/dev/shm", "tmpfs", "shm",
                 {"nosuid", "noexec", "nodev", "mode=1777", fmt::format("size={}", c.shm_size_bytes)}));
}

void add_etc_mount(const SpecInput& in, std::vector<oci::Mount>& out, const char* destination,
                   const std::string& source) {
    if (source.empty()) return;
    Strings options{"bind", "rprivate"};
    if (in.config.read_only) options.insert(options.end(), {"ro", "nosuid", "noexec", "nodev"});
    out.push_back(mount_of(destination, "bind", source, options));
}

void add_timezone(const SpecInput& in, std::vector<oci::Mount>& out) {
    const std::string& tz = in.config.tz;
    if (tz.empty()) return;
    const std::string source = tz == "local" ? "/etc/localtime" : "/usr/share/zoneinfo/" + tz;
    out.push_back(
        mount_of("/etc/localtime", "bind", source, {"bind", "rprivate", "ro", "nosuid", "noexec", "nodev"}));
}

std::vector<oci::Mount> default_mounts(const SpecInput& in) {
    const std::string access = in.config.security.privileged ? "rw" : "ro";
    std::vector<oci::Mount> out;
    out.push_back(proc_mount(in));
    out.push_back(
        mount_of("/dev", "tmpfs", "tmpfs", {"nosuid", "noexec", "strictatime", "mode=755", "size=65536k"}));
    out.push_back(sys_mount(in));
    out.push_back(pts_mount(in));
    add_ipc_mounts(in, out);
    out.push_back(mount_of("/sys/fs/cgroup", "cgroup", "cgroup",
                           {"rprivate", "nosuid", "noexec", "nodev", "relatime", access}));
    if (in.config.read_only && in.config.read_only_tmpfs) {
        for (const char* path : {"/run", "/tmp", "/var/tmp"}) {
            out.push_back(
                mount_of(path, "tmpfs", "tmpfs", {"rw", "rprivate", "nosuid", "nodev", "tmpcopyup"}));
        }
    }
    add_etc_mount(in, out, "/etc/hosts", in.facts.hosts_file);
    add_etc_mount(in, out, "/etc/resolv.conf", in.facts.resolv_conf_file);
    if (!in.config.no_hostname) add_etc_mount(in, out, "/etc/hostname", in.facts.hostname_file);
    add_etc_mount(in, out, "/run/.containerenv", in.facts.containerenv_file);
    add_timezone(in, out);
    return out;
}

// What was asked for
// ------------------------------------------------------------------------------------------------

void add_options(const MountOptions& o, Strings& out) {
    out.emplace_back(o.read_only ? "ro" : "rw");
    out.emplace_back(propagation_name(o.propagation));
    if (!o.exec) out.emplace_back("noexec");
    if (!o.suid) out.emplace_back("nosuid");
    if (!o.dev) out.emplace_back("nodev");
    if (o.chown) out.emplace_back("U");
}

oci::Mount spec_of(const SpecInput&, const BindMount& m) {
    Strings options{"rbind"};
    add_options(m.options, options);
    return mount_of(m.destination, "bind", m.source, options);
}

oci::Mount spec_of(const SpecInput& in, const VolumeMount& m) {
    const auto directory = in.facts.volumes.find(m.destination);
    if (directory == in.facts.volumes.end())
        throw Error("the volume on '{}' has no directory", m.destination);
    Strings options{"rbind"};
    add_options(m.options, options);
    if (m.copy_up) options.emplace_back("tmpcopyup");
    return mount_of(m.destination, "bind", directory->second, options);
}

oci::Mount spec_of(const SpecInput&, const TmpfsMount& m) {
    Strings options{m.read_only ? "ro" : "rw", "rprivate"};
    if (!m.exec) options.emplace_back("noexec");
    if (!m.suid) options.emplace_back("nosuid");
    if (!m.dev) options.emplace_back("nodev");
    if (m.size_bytes) options.push_back(fmt::format("size={}", *m.size_bytes));
    if (m.inodes) options.push_back(fmt::format("nr_inodes={}", *m.inodes));
    if (m.mode) options.push_back(fmt::format("mode={:o}", *m.mode));
    if (m.uid) options.push_back(fmt::format("uid={}", *m.uid));
    if (m.gid) options.push_back(fmt::format("gid={}", *m.gid));
    if (m.copy_up) options.emplace_back("tmpcopyup");
    if (m.chown) options.emplace_back("U");
    return mount_of(m.destination, "tmpfs", "tmpfs", options);
}

oci::Mount spec_of(const SpecInput&, const DevptsMount& m) {
    Strings options{"nosuid", "noexec", "newinstance", "ptmxmode=0666"};
    if (m.mode) options.push_back(fmt::format("mode={:o}", *m.mode));
    if (m.uid) options.push_back(fmt::format("uid={}", *m.uid));
    if (m.gid) options.push_back(fmt::format("gid={}", *m.gid));
    if (m.max) options.push_back(fmt::format("max={}", *m.max));
    return mount_of(m.destination, "devpts", "devpts", options);
}

/// Inside /proc only the files that LXCFS serves may be covered: elsewhere a mount could feed rpod's own
/// writes, or unmask what is masked (CVE-2019-16884, CVE-2019-19921).
void check_proc_destination(const oci::Mount& m) {
    static constexpr std::array<std::string_view, 8> allowed{
        "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat",
        "/proc/swaps",   "/proc/uptime",    "/proc/loadavg", "/proc/slabinfo"};
    const bool is_proc = m.destination == "/proc";
    if (!is_proc && !is_below(m.destination, "/proc")) return;
    if (is_proc && m.type == "bind" && m.source == "/proc") return;
    if (std::find(allowed.begin(), allowed.end(), m.destination) != allowed.end()) return;
    throw Error("mount on '{}': what lies in /proc cannot be covered", printable(m.destination));
}

/// Nodes cannot be made in a user namespace; the host's are bound.
void add_devices(const SpecInput& in, std::vector<oci::Mount>& out) {
    std::set<std::string> seen;
    const auto bind = [&](const std::string& destination, const std::string& source) {
        if (!seen.insert(destination).second) return;
        out.push_back(mount_of(destination, "bind", source, {"rbind", "slave", "nosuid", "noexec", "rw"}));
    };
    for (const auto& device : in.config.devices) bind(device.container_path, device.host_path);
    if (!in.config.security.privileged) return;
    for (const auto& path : in.facts.devices) bind(path, path);
}

/// A mount of the user's replaces the default of the same place; one on /dev all that we would put there.
void drop_replaced(std::vector<oci::Mount>& defaults, const std::vector<oci::Mount>& asked) {
    const auto is_replaced = [&](const oci::Mount& d) {
        return std::any_of(asked.begin(), asked.end(), [&](const oci::Mount& m) {
            return m.destination == d.destination ||
                   (m.destination == "/dev" && is_below(d.destination, "/dev"));
        });
    };
    defaults.erase(std::remove_if(defaults.begin(), defaults.end(), is_replaced), defaults.end());
}

}  // namespace

std::vector<Mount> effective_mounts(const ContainerConfig& config, const oci::RunConfig* image) {
    std::vector<Mount> out = config.mounts;
    if (!image || config.image_volumes == ImageVolumes::ignore) return out;
    for (const auto& text : image->volumes) {
        const std::string path = parse_destination("/" + text, "image: volume");
        for (const char* special : {"/proc", "/sys", "/dev"}) {
            if (path == special || is_below(path, special)) {
                throw Error("image: a volume on '{}' is refused", printable(path))
                    .with_hint("--image-volume=ignore runs the image without its volumes");
            }
        }
        const bool replaced =
            std::any_of(out.begin(), out.end(), [&](const Mount& m) { return destination_of(m) == path; });
        if (replaced) continue;
        if (config.image_volumes == ImageVolumes::tmpfs) {
            out.emplace_back(TmpfsMount{.destination = path});
        } else {
            out.emplace_back(VolumeMount{.name = {}, .destination = path});
        }
    }
    return out;
}

std::vector<oci::Mount> make_mounts(const SpecInput& in) {
    std::vector<oci::Mount> asked;
    for (const auto& mount : effective_mounts(in.config, in.image)) {
        asked.push_back(std::visit([&](const auto& m) { return spec_of(in, m); }, mount));
        check_proc_destination(asked.back());
    }
    add_devices(in, asked);
    auto out = default_mounts(in);
    drop_replaced(out, asked);
    out.insert(out.end(), asked.begin(), asked.end());
    // What is mounted above comes first, or it would cover what is below.
    std::stable_sort(out.begin(), out.end(), [](const oci::Mount& a, const oci::Mount& b) {
        return std::count(a.destination.begin(), a.destination.end(), '/') <
               std::count(b.destination.begin(), b.destination.end(), '/');
    });
    return out;
}

void set_masked_paths(const SpecInput& in, oci::Linux& linux_part) {
    const auto& s = in.config.security;
    if (s.privileged) return;
    // podman's lists: what tells about the host, and what changes it.
    Strings masked{"/proc/acpi",       "/proc/kcore",       "/proc/keys",        "/proc/latency_stats",
                   "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
                   "/sys/firmware",    "/sys/fs/selinux",   "/sys/dev/block"};
    Strings read_only{"/proc/asound", "/proc/bus", "/proc/fs",
                      "/proc/irq",    "/proc/sys", "/proc/sysrq-trigger"};
    // A bound /sys is the host's; nothing in there is the container's.
    const auto network = network_namespace(in.config.network).mode;
    if (!owns_network(network)) masked.emplace_back("/sys/kernel");
    const auto is_unmasked = [&](const std::string& path) {
        return std::any_of(s.unmask.begin(), s.unmask.end(), [&](const std::string& pattern) {
            return pattern == "ALL" || ::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0;
        });
    };
    for (Strings* list : {&masked, &read_only}) {
        list->erase(std::remove_if(list->begin(), list->end(), is_unmasked), list->end());
    }
    masked.insert(masked.end(), s.mask.begin(), s.mask.end());
    linux_part.masked_paths = std::move(masked);
    linux_part.readonly_paths = std::move(read_only);
}

}  // namespace rpod::container
