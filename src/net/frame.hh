// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <optional>
#include <span>

#include "net/config.hh"

namespace rpod::net {

using Bytes = std::span<const uint8_t>;

constexpr size_t kEthernetHeader = 14;
constexpr size_t kMaxFrame = kEthernetHeader + 65535;

/// An Ethernet frame that carries IPv4 or IPv6; all parts borrow from the frame and lie within it.
struct IpFrame {
    int family = AF_INET;
    uint8_t protocol = 0;   ///< IPPROTO_…; of IPv6 the first header's, which may be an extension's
    bool fragment = false;  ///< IPv4: a part of a datagram, the first one too
    Bytes source;           ///< 4 or 16 bytes
    Bytes destination;
    Bytes header;   ///< of IP, with IPv4's options
    Bytes payload;  ///< what follows it, as long as the IP header says
};

/// Nothing for a frame that is not IP, or whose lengths contradict each other.
std::optional<IpFrame> parse_ip(Bytes frame);

/// Whether a frame may tell a hardware address: ARP or ICMPv6.
bool may_resolve(Bytes frame);

/// A UDP datagram that is whole, or nothing.
struct UdpView {
    uint16_t source_port = 0;
    uint16_t destination_port = 0;
    Bytes data;
};
std::optional<UdpView> parse_udp(const IpFrame& ip);

/// The Internet checksum (RFC 1071) over several pieces; each but the last has an even length.
class Checksum {
  public:
    void add(Bytes bytes);
    void add(uint16_t word) { sum_ += word; }
    /// In network byte order when stored as two bytes, high one first.
    uint16_t value() const;

  private:
    uint64_t sum_ = 0;
};

/// What libslirp gets to see of what a pod sends. Dropped are: anything but ARP, IPv4 and IPv6; frames that
/// contradict themselves; destinations that mean the host's loopback; IPv4 options; fragments, whose
/// reassembly a pod can crash in libslirp 4.7 (with an MTU of 65520 there are none but of the 15 largest
/// datagrams); and what only feeds parsers of libslirp that we do not use (DHCP, TFTP, NCSI) or makes it
/// write to the log.
class FrameFilter {
  public:
    explicit FrameFilter(const SlirpConfig& config)
        : gateway_(config.gateway()), dns_(config.dns_address()) {}
    bool allows(Bytes frame) const;

  private:
    bool allows_ip(const IpFrame& ip) const;
    bool is_to_libslirp(const IpFrame& ip) const;

    in_addr gateway_;
    in_addr dns_;
};

}  // namespace rpod::net
