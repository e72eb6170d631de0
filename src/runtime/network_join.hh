// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>

#include "sys/channel.hh"

/// How a pod gets onto user-defined networks. The command asks each network's process (rpod:network) for an
/// address and hands the connection to the monitor, which sends the pod's network namespace through it when
/// that is there. The pod is on the network while the connection is open.
///
///     command, then monitor            rpod:network
///     reserve(JSON)         →
///                           ←          reserved(JSON) | failed(text)
///     join {netns}          →          makes the pair of interfaces
///                           ←          joined | failed(text)
namespace rpod::runtime {

enum class JoinKind : uint32_t { reserve = 1, reserved, join, joined, failed, list };

/// One such connection, reserved.
struct NetworkJoin {
    std::string network;  ///< its name, for errors
    sys::Channel channel;
};

/// @throws Error with the reason that the other side gives
sys::Packet expect_join(const sys::Channel& channel, JoinKind wanted, const std::string& network);
/// Puts a pod onto the network; again after it was started anew.
void join_network(const NetworkJoin& join, int pod_network);

}  // namespace rpod::runtime
