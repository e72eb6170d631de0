// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "net/frame.hh"

namespace rpod::net {

/// Where an answer to a datagram goes: the datagram's addresses, turned round. Holds copies.
class ReplyPath {
  public:
    /// @param frame  the whole frame that `ip` and `udp` were read from
    ReplyPath(Bytes frame, const IpFrame& ip, const UdpView& udp);
    /// How much a frame may carry.
    size_t room(unsigned mtu) const { return mtu - ip_header() - 8; }
    /// A whole frame with one UDP datagram; data fits into room().
    std::vector<uint8_t> make_frame(Bytes data) const;
    bool operator==(const ReplyPath&) const = default;

  private:
    size_t ip_header() const { return family_ == AF_INET ? 20 : 40; }

    int family_;
    std::array<uint8_t, 12> macs_{};    ///< destination, source
    std::array<uint8_t, 16> source_{};  ///< of the answer
    std::array<uint8_t, 16> destination_{};
    uint16_t source_port_;
    uint16_t destination_port_;
};

/// One end of a TCP connection, as it stands in a frame: 4 or 16 bytes of address, and the port.
struct TcpEnd {
    std::array<uint8_t, 16> address{};
    uint16_t port = 0;

    static TcpEnd of(const in_addr& address, uint16_t port);
    static TcpEnd of(const in6_addr& address, uint16_t port);
};
enum class Side { source, destination };

/// Whether a frame is a TCP segment, whole, that comes from or goes to `end`, which is of ip's family.
bool has_tcp_end(const IpFrame& ip, Side side, const TcpEnd& end);
/// Replaces that end in the frame and corrects both checksums. `frame` is one for which has_tcp_end was true.
void rewrite_tcp_end(std::span<uint8_t> frame, int family, Side side, const TcpEnd& end);

}  // namespace rpod::net
