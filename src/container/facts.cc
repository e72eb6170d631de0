// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/facts.hh"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/error.hh"
#include "container/find.hh"
#include "container/parse_namespace.hh"
#include "container/record.hh"
#include "sys/capability.hh"
#include "sys/file.hh"
#include "sys/namespace.hh"
#include "sys/rlimit.hh"

namespace rpod::container {
namespace {

uint64_t hard_limit(const char* name) { return sys::current_rlimit(*sys::find_rlimit(name)).hard; }

std::string host_name() {
    char name[256] = {};
    check(::gethostname(name, sizeof name - 1), "read the host name");
    return name;
}

bool exists(const char* path) { return ::access(path, F_OK) == 0; }

/// What every container has of its own, and what shows terminals, shared memory or queues of the host.
constexpr std::array<std::string_view, 14> kOwnDevices{"null", "zero",    "full",   "random", "urandom",
                                                       "tty",  "console", "ptmx",   "core",   "fd",
                                                       "pts",  "shm",     "mqueue", ".udev"};

/// tty0, tty63, ttyS0: terminals of the host.
bool is_host_terminal(std::string_view name) { return name.starts_with("tty") || name.starts_with("vcs"); }

constexpr size_t kMaxDevices = 4096;
constexpr int kMaxDeviceDepth = 4;

void collect_devices(const std::string& directory, int depth, std::vector<std::string>& out) {
    const auto dir = sys::find_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY);
    if (!dir) return;
    for (const auto& name : sys::list_dir(dir->get())) {
        if (depth == 0 && std::find(kOwnDevices.begin(), kOwnDevices.end(), name) != kOwnDevices.end())
            continue;
        struct stat st {};
        if (is_host_terminal(name) || ::fstatat(dir->get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        const auto path = directory + "/" + name;
        if (S_ISDIR(st.st_mode) && depth < kMaxDeviceDepth) collect_devices(path, depth + 1, out);
        if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode)) continue;
        if (::access(path.c_str(), R_OK) < 0 && ::access(path.c_str(), W_OK) < 0) continue;
        if (out.size() < kMaxDevices) out.push_back(path);
    }
}

}  // namespace

std::vector<std::string> host_devices() {
    std::vector<std::string> devices;
    collect_devices("/dev", 0, devices);
    std::sort(devices.begin(), devices.end());
    return devices;
}

HostFacts collect_host_facts() {
    HostFacts facts;
    facts.hostname = host_name();
    facts.caller_uid = ::geteuid();
    facts.caller_gid = ::getegid();
    facts.capabilities = sys::capability_names(sys::kernel_capabilities());
    facts.nofile_limit = std::min<uint64_t>(hard_limit("nofile"), 1 << 20);
    facts.nproc_limit = std::min<uint64_t>(hard_limit("nproc"), 1 << 22);
    facts.selinux = exists("/sys/fs/selinux/enforce");
    facts.has_mqueue = exists("/dev/mqueue");
    return facts;
}

namespace {

struct Join {
    oci::NamespaceType type;
    const NamespaceChoice& choice;
    int flag;
};

/// The path of a namespace of a running container; by its pid in /proc, which its monitor vouches for.
std::string namespace_path(const store::Paths& paths, const std::string& target, int flag) {
    const auto found = find_container(paths, target);
    const auto directory = paths.containers() / found.id;
    const auto state = read_state(directory);
    if (!is_alive(directory) || !state) {
        throw Error("join the {} namespace of container '{}': it is not running", sys::namespace_names(flag),
                    target);
    }
    return fmt::format("/proc/{}/ns/{}", state->pid, sys::namespace_file(flag));
}

}  // namespace

void find_foreign_namespaces(const store::Paths& paths, const ContainerConfig& config, HostFacts& facts) {
    const auto network = network_namespace(config.network);
    const NamespaceChoice user{.mode = config.userns.mode == UsernsConfig::Mode::container
                                           ? NamespaceMode::container
                                           : NamespaceMode::private_,
                               .target = config.userns.target};
    for (const auto& [type, choice, flag] :
         {Join{oci::NamespaceType::pid, config.pid, CLONE_NEWPID},
          Join{oci::NamespaceType::ipc, config.ipc, CLONE_NEWIPC},
          Join{oci::NamespaceType::uts, config.uts, CLONE_NEWUTS},
          Join{oci::NamespaceType::cgroup, config.cgroupns, CLONE_NEWCGROUP},
          Join{oci::NamespaceType::network, network, CLONE_NEWNET},
          Join{oci::NamespaceType::user, user, CLONE_NEWUSER}}) {
        if (choice.mode == NamespaceMode::container) {
            facts.namespaces[type] = namespace_path(paths, choice.target, flag);
        }
    }
    if (config.ipc.mode == NamespaceMode::container) {
        // Read by runtime::open_bind_sources: paths as the other container's first process sees them.
        const auto ipc = facts.namespaces.at(oci::NamespaceType::ipc);
        const auto root = ipc.substr(0, ipc.find("/ns/")) + "/root";
        facts.shared_shm = root + "/dev/shm";
        facts.shared_mqueue = root + "/dev/mqueue";
    }
}

}  // namespace rpod::container
