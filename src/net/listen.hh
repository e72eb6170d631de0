// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/fd.hh"

namespace rpod::net {

enum class Transport { tcp, udp };
const char* name(Transport transport);
/// "tcp" or "udp"; nothing for another word.
std::optional<Transport> find_transport(std::string_view word);

/// One published port, or `range` of them that follow one another on both sides.
struct PortMapping {
    std::string host_ip;     ///< empty: every address of the host, IPv4 and IPv6
    uint16_t host_port = 0;  ///< 0: any that is free; range is 1 then
    uint16_t container_port = 0;
    uint16_t range = 1;
    Transport transport = Transport::tcp;
    bool operator==(const PortMapping&) const = default;

    /// The one at this place of the range, as a mapping of its own. @param index  below range
    PortMapping at(uint16_t index) const;
    /// Where it is published, for people: "0.0.0.0" for every address, "[::1]" for an IPv6 one.
    std::string shown_ip() const;
};
size_t count_ports(const std::vector<PortMapping>& ports);

/// A socket of the host's network that waits for what goes to one port of the pod.
struct PortListener {
    sys::Fd socket;
    uint16_t container_port = 0;
    Transport transport = Transport::tcp;
};

/// More than these in one container are refused.
constexpr size_t kMaxListeners = 16384;

enum class LowPorts {
    refuse,   ///< a port that only root may use is an error
    move_up,  ///< it is published at another one, 8000 above where that is free, and a warning says where
};

/// Binds all ports, in the network namespace of the caller. Host ports that were left open, or moved, are
/// filled in.
/// @throws Error that names the port, in podman's words and with its exit code; nothing stays bound then
std::vector<PortListener> open_listeners(std::vector<PortMapping>& ports, LowPorts low_ports);

/// Fills in the host ports that were left open, or must move, with ones that are free now. Binds none of
/// them. @throws Error as open_listeners, but for ports in use
void choose_ports(std::vector<PortMapping>& ports, LowPorts low_ports);

}  // namespace rpod::net
