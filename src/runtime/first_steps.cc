// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/first_steps.hh"

#include <sys/prctl.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/log.hh"
#include "net/tap.hh"
#include "sys/file.hh"
#include "sys/keyring.hh"
#include "sys/namespace.hh"

namespace rpod::runtime {
namespace {

/// Groups that may ping: all that P maps from 0 on in one run.
std::optional<net::GroupRange> ping_groups(const userns::IdMap& gids) {
    const auto& first = gids.extents().front();
    uint32_t last = first.inside + first.size - 1;
    for (const auto& e : gids.extents()) {
        if (e.inside == last + 1) last = e.inside + e.size - 1;
    }
    return net::GroupRange{.first = first.inside, .last = last};
}

}  // namespace

void become_root(const userns::PodMaps& maps, std::optional<int> oom_score_adj) {
    if (maps.gids.to_outside(0)) check(::setresgid(0, 0, 0), "become group 0 of the container");
    if (maps.uids.to_outside(0)) check(::setresuid(0, 0, 0), "become user 0 of the container");
    // Last moment to do this: the file, too, belongs to root once we are closed.
    if (oom_score_adj) sys::write_existing("/proc/self/oom_score_adj", std::to_string(*oom_score_adj));
    // After the maps are written (a process that is not dumpable has files in /proc that belong to root), and
    // before anything of the container runs in this PID namespace.
    check(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "close this process to its neighbours");
}

void set_clocks(const oci::Linux& linux) {
    if (linux.time_offsets.empty()) return;
    std::string lines;
    for (const auto& [clock, offset] : linux.time_offsets)
        lines += fmt::format("{} {} {}\n", clock, offset.secs, offset.nanosecs);
    in_context([&] { sys::enter_new_time_namespace(lines); }, "linux.timeOffsets");
}

void leave_caller() {
    check(::setsid(), "start a session");
    sys::leave_session_keyring();
}

void set_host_name(const std::string& host, const std::string& domain) {
    if (!host.empty() && ::sethostname(host.c_str(), host.size()) < 0) {
        // Inside another container: the seccomp profile around it knows nobody but itself to have the right.
        if (errno != EPERM) throw SysError(errno, "set the host name '{}'", host);
        log::warn("the container keeps the host name of what is around it: set the host name '{}': {}", host,
                  std::generic_category().message(EPERM));
    }
    if (!domain.empty())
        check(::setdomainname(domain.c_str(), domain.size()), "set the domain name '{}'", domain);
}

void set_up_network(const NetworkPlan& network, const userns::IdMap& gids, const InitSync& sync) {
    switch (network.mode) {
        case NetworkMode::from_spec:
            return;
        case NetworkMode::loopback:
        case NetworkMode::networks:
            return net::bring_up_loopback(ping_groups(gids));
        case NetworkMode::slirp:
            sync.tap_created(net::create_tap_in_child(network.slirp, ping_groups(gids)).get());
            return;
    }
}

}  // namespace rpod::runtime
