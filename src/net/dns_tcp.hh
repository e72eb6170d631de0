// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "net/config.hh"
#include "net/frame_write.hh"
#include "net/name_table.hh"
#include "net/poll_set.hh"
#include "net/resolvers.hh"
#include "net/slirp.hh"
#include "sys/fd.hh"

namespace rpod::net {

/// DNS over TCP at the pod's DNS addresses. libslirp can only connect to an address and a port, so the frames
/// of such a connection are readdressed to a listener of ours on the host's loopback, and back; the listener
/// passes the bytes on to the first resolver that takes the connection. It serves nobody but the libslirp of
/// this process: other users of the host can see the port, too.
class DnsTcp {
  public:
    /// @param resolvers, slirp  borrowed
    /// @throws SysError where IPv4's loopback gives no port; without IPv6's only the IPv4 address is served
    DnsTcp(const SlirpConfig& config, Resolvers& resolvers, const SlirpStack& slirp);

    /// On the way to libslirp: readdresses what goes to port 53 of a DNS address.
    /// @return whether it did
    bool readdress_outward(std::span<uint8_t> frame, const IpFrame& ip) const;
    /// Names that are answered here. @param names  borrowed; null: none
    void set_names(const NameTable* names) { names_ = names; }
    /// On the way to the pod: a readdressed copy of what comes from the listener, nothing for other frames.
    /// Valid until the next call.
    std::optional<Bytes> readdress_inward(Bytes frame);

    /// As those of SlirpStack.
    int register_sockets(PollSet& poll);
    void handle_sockets(const PollSet& poll);

    static constexpr size_t kMaxConnections = 64;

  private:
    /// One side's bytes on their way to the other.
    struct Flow {
        std::array<uint8_t, 8192> data;
        size_t begin = 0;
        size_t end = 0;
        bool closed = false;     ///< the source has no more
        bool passed_on = false;  ///< and the destination knows
    };
    struct Connection {
        sys::Fd pod;
        sys::Fd resolver;
        size_t next_resolver;
        size_t tried = 0;
        bool connected = false;
        bool local = false;  ///< no resolver was needed so far
        int64_t deadline_ms;
        size_t pod_index = SIZE_MAX;
        size_t resolver_index = SIZE_MAX;
        Flow query{};
        Flow answer{};
    };
    struct Listener {
        sys::Fd socket;
        TcpEnd local;     ///< where it listens
        TcpEnd virtual_;  ///< the pod's DNS address
        size_t poll_index = SIZE_MAX;
    };

    void listen(const Endpoint& loopback, const TcpEnd& dns);
    void accept(const Listener& listener);
    bool connect_next(Connection& connection) const;
    /// false: the connection is over.
    bool advance_local(Connection& connection, short ready, int64_t now) const;
    bool advance(Connection& connection, const PollSet& poll, int64_t now);
    const Listener* listener_of(int family) const;

    Resolvers& resolvers_;
    const SlirpStack& slirp_;
    const NameTable* names_ = nullptr;
    std::vector<Listener> listeners_;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<uint8_t> copy_;
};

}  // namespace rpod::net
