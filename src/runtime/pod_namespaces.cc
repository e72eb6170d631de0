// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/pod_namespaces.hh"

#include <fcntl.h>
#include <sched.h>

#include "base/error.hh"
#include "runtime/first_steps.hh"
#include "runtime/namespace_flag.hh"
#include "runtime/pod_reaper.hh"
#include "runtime/stub.hh"
#include "runtime/sync.hh"
#include "sys/file.hh"
#include "sys/namespace.hh"
#include "sys/process.hh"

namespace rpod::runtime {
namespace {

using oci::NamespaceType;

/// Child, in the pod's new namespaces. Nothing of the payload's choosing ever runs in it.
int run_first(const PodNamespacesPlan& plan, const userns::PodMaps& maps, const sys::Fd& stub,
              const InitSync& sync) {
    try {
        sync.wait_id_map_written();
        become_root(maps, std::nullopt);
        leave_caller();
        if (plan.shared.contains(NamespaceType::uts)) set_host_name(plan.hostname, {});
        if (plan.shared.contains(NamespaceType::network)) set_up_network(plan.network, maps.gids, sync);
        sync.ready();
        sync.wait_go();
        if (plan.shared.contains(NamespaceType::pid)) become_reaper(stub.get());
        return 0;
    } catch (const std::exception& e) {
        sync.failed(e);
    }
    return kExitFailed;
}

uint64_t clone_flags(const PodNamespacesPlan& plan) {
    uint64_t flags = CLONE_NEWUSER;
    for (const auto type : plan.shared) flags |= static_cast<uint64_t>(clone_flag(type));
    return flags;
}

}  // namespace

PodNamespaces::PodNamespaces(PodNamespacesPlan& plan) : plan_(plan) {
    const auto maps = userns::resolve_pod_maps(plan.id_map, userns::own_maps());
    const bool reaps = plan.shared.contains(NamespaceType::pid);
    const sys::Fd stub = reaps ? make_stub() : sys::Fd();
    auto [ours, theirs] = make_sync_pair("the pod's first process");
    auto first = sys::clone_child(clone_flags(plan), "rpod:pod", [&, &mine = ours, &sync = theirs] {
        { const auto closed = std::move(mine); }
        return run_first(plan, maps, stub, sync);
    });
    { const auto closed = std::move(theirs); }
    const auto host_pid = sys::pid_in_proc(first.pidfd.get());
    // Now, while it is dumpable.
    open_namespaces(host_pid);
    userns::write_pod_maps(host_pid, maps);
    ours.id_map_written();
    follow(ours);
    ours.go();
    ours.wait_end();
    if (reaps) {
        reaper_ = first.pid;
    } else {
        sys::wait_for(first.pid);
    }
}

void PodNamespaces::open_namespaces(pid_t host_pid) {
    namespaces_[NamespaceType::user] = sys::open_namespace(host_pid, CLONE_NEWUSER);
    for (const auto type : plan_.shared) namespaces_[type] = sys::open_namespace(host_pid, clone_flag(type));
}

void PodNamespaces::follow(const LaunchSync& sync) {
    for (;;) {
        servers_.wait_readable(sync.fd());
        auto event = sync.wait();
        switch (event.stage) {
            case Stage::tap_created:
                servers_.serve_network(std::move(event.fds.at(0)),
                                       sys::duplicate(namespaces_.at(NamespaceType::network).get()),
                                       plan_.network);
                break;
            case Stage::ready:
                if (plan_.network.mode == NetworkMode::networks &&
                    plan_.shared.contains(NamespaceType::network))
                    servers_.join_networks(sys::duplicate(namespaces_.at(NamespaceType::network).get()),
                                           plan_.network);
                return servers_.wait_network_ready();
            default:
                throw Error("the pod's first process said '{}' out of turn", name(event.stage));
        }
    }
}

std::map<NamespaceType, std::string> PodNamespaces::paths() const {
    std::map<NamespaceType, std::string> out;
    for (const auto& [type, fd] : namespaces_) out[type] = fmt::format("/proc/self/fd/{}", fd.get());
    return out;
}

bool PodNamespaces::take_child(pid_t pid, sys::ExitStatus status) {
    if (pid != reaper_) return servers_.replace(pid, status);
    reaper_ = -1;
    ended_ = true;
    return true;
}

}  // namespace rpod::runtime
