// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>

#include "sys/fd.hh"

namespace rpod::net {

/// What stands in for a tap where /dev/net/tun is missing or closed to us. `interface` becomes one end of a
/// pair (veth(4)); the other lies in a network namespace that has nothing else, and a packet socket bound to
/// it (packet(7)) takes and gives whole frames, as the descriptor of a tap does. Checksums are whole too: the
/// interface has no offloads.
///
/// Runs in a process with one thread in the pod's network namespace, where it is again afterwards; needs
/// CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_NET_RAW in the user namespace that owns it, and /proc.
/// @return the socket, non-blocking; when its last copy closes, the namespace goes, and the interface with it
/// @throws SysError, where kernel or limits have no such interfaces or no further namespace
sys::Fd create_packet_wire(const std::string& interface, unsigned mtu);

}  // namespace rpod::net
