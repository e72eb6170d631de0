// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sys/fd.hh"

namespace rpod::net {

/// Requests to rtnetlink(7), encoded one behind the other so that one send(2) configures a whole namespace.
/// The kernel answers each one that fails, and the last one in any case.
class NetlinkBatch {
  public:
    /// Takes the link up; sets its MTU where one is given.
    void set_link_up(unsigned interface, std::optional<unsigned> mtu = std::nullopt);
    void add_address(unsigned interface, const in_addr& address, unsigned prefix_length);
    /// Without duplicate address detection, which would keep the address tentative for a second.
    void add_address(unsigned interface, const in6_addr& address, unsigned prefix_length);
    /// A bridge; it comes up with its first port.
    void add_bridge(const std::string& name, unsigned mtu);
    /// A pair of interfaces: `name` here, `peer` in the network namespace behind `peer_network`.
    void add_veth(const std::string& name, unsigned mtu, const std::string& peer, int peer_network,
                  const std::array<uint8_t, 6>& peer_mac);
    void set_master(unsigned interface, unsigned bridge);
    void delete_link(unsigned interface);
    void add_default_route(unsigned interface, const in_addr& gateway);
    void add_default_route(unsigned interface, const in6_addr& gateway);

    size_t size() const { return what_.size(); }
    /// What request `n` attempts, for errors.
    const std::string& what(size_t n) const { return what_.at(n); }
    const std::vector<uint8_t>& bytes() const { return bytes_; }

  private:
    template <class Header>
    void begin(uint16_t type, uint16_t flags, const Header& header, std::string what);
    void attribute(uint16_t type, const void* data, size_t size);
    void attribute(uint16_t type, const std::string& text);
    /// What follows until close() lies within this one. @return what close() takes
    size_t open(uint16_t type);
    void close(size_t start);
    void end();

    std::vector<uint8_t> bytes_;
    std::vector<std::string> what_;
    size_t start_ = 0;
};

/// A NETLINK_ROUTE socket of the network namespace in which it was opened. It also hears of new IPv6
/// addresses.
class Netlink {
  public:
    /// @throws SysError
    Netlink();
    /// The index of an interface. @throws SysError, ENODEV where there is none
    unsigned index_of(const std::string& interface) const;
    /// Sends all requests at once and waits until the kernel has done them. They need CAP_NET_ADMIN over the
    /// namespace. @throws SysError of the first one that fails
    void run(const NetlinkBatch& batch);
    /// An IPv6 address gets its local route from a kernel thread, some time after the request for it was
    /// done; what arrives before is lost. Waits until it has been seen to have one, but not longer than
    /// timeout_ms.
    /// @return whether it has
    bool wait_for_address(const in6_addr& address, int timeout_ms);

  private:
    /// Reads what is there, notes addresses. @return the number of the request that was answered, 0 for none
    size_t receive(const NetlinkBatch* batch);

    sys::Fd socket_;
    std::vector<in6_addr> seen_;
};

}  // namespace rpod::net
