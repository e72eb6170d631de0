// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hh"
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
    std::string network;    ///< its name
    std::string interface;  ///< the pod's end
    sys::Channel channel;   ///< closed where the network was lost
    /// Starts the network's process where that has died, and reserves the same address: for the monitor.
    /// Nothing where somebody else is about to. @throws Error
    std::function<std::optional<sys::Channel>()> again;
};

/// What JoinKind::failed carries: the message and the hint.
std::string failure_text(const Error& e);
Error to_error(std::string_view failure_text);

/// @throws Error with the reason that the other side gives
sys::Packet expect_join(const sys::Channel& channel, JoinKind wanted, const std::string& network);
/// Puts a pod onto the network; again after it was started anew.
void join_network(const NetworkJoin& join, int pod_network);

}  // namespace rpod::runtime
