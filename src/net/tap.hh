// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include <array>
#include <optional>
#include <string>

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

/// In a new network namespace: the bridge of a network, and tap0 as a port of it, without addresses. Runs as
/// create_tap_in_child does.
/// @param with_tap  without it there is neither a way out nor a name service
/// @return the descriptor that rpod:net serves
/// @throws Error with a hint where /dev/net/tun is missing or closed to us
sys::Fd create_bridge_in_child(unsigned mtu, bool with_tap);

/// One end of a pair of interfaces on that bridge, the other in a pod.
struct BridgePort {
    std::string port;       ///< the end on the bridge
    std::string interface;  ///< the pod's: "eth0"
    std::array<uint8_t, 6> mac{};
    unsigned mtu = 65520;
    in_addr address{};
    unsigned prefix_length = 24;
    std::optional<in_addr> gateway;  ///< a default route
};
/// Connects a pod. Runs in a process of its own, in the bridge's network namespace, that ends up in the
/// pod's. Needs CAP_SYS_ADMIN and CAP_NET_ADMIN over both.
void connect_pod_in_child(const BridgePort& port, int pod_network);
/// Takes a port from the bridge, and with it the pod's end. Runs in a process in the bridge's namespace.
void disconnect_port_in_child(const std::string& port);

/// `--network none`: only lo, up, and the same sysctls. Runs where create_tap_in_child does.
void bring_up_loopback(std::optional<GroupRange> ping_groups);

}  // namespace rpod::net
