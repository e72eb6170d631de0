// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include <optional>

#include "net/config.hh"
#include "sys/fd.hh"

namespace rpod::net {

/// Group IDs, first to last, as they are numbered in the caller's user namespace.
struct GroupRange {
    gid_t first = 0;
    gid_t last = 0;
};

/// Makes tap0 and configures the whole network namespace: lo, tap0's addresses and default routes, low ports
/// for everybody, ping for `ping_groups` (all of them must be mapped), no router advertisements
/// (CVE-2020-13401). Runs in a process inside the pod's network namespace with CAP_NET_ADMIN over it, while
/// /proc is still visible.
/// Where /dev/net/tun is missing or closed to us, tap0 is an end of a pair of interfaces instead
/// (packet_wire.hh).
/// @return the descriptor that rpod:net serves, non-blocking; when the last copy closes, tap0 is gone
/// @throws Error with a hint where neither can be made
sys::Fd create_tap_in_child(const SlirpConfig& config, std::optional<GroupRange> ping_groups);

/// `--network none`: only lo, up, and the same sysctls. Runs where create_tap_in_child does.
void bring_up_loopback(std::optional<GroupRange> ping_groups);

}  // namespace rpod::net
