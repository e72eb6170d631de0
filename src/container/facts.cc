// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/facts.hh"

#include <sched.h>
#include <unistd.h>

#include "base/error.hh"
#include "container/find.hh"
#include "container/parse_namespace.hh"
#include "container/record.hh"
#include "sys/capability.hh"
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

/// Nodes that --privileged binds: what the caller may open.
bool exists(const char* path) { return ::access(path, F_OK) == 0; }

}  // namespace

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
    if (config.ipc.mode == NamespaceMode::container) {
        throw Error("--ipc container:{}: sharing another container's /dev/shm is not supported yet",
                    config.ipc.target);
    }
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
}

}  // namespace rpod::container
