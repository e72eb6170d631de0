// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "net/address.hh"
#include "net/event_loop.hh"
#include "net/listen.hh"
#include "net/tcp_flow.hh"

namespace rpod::net {

/// Where the pod is reached: never by its loopback, so that services bound there stay private
/// (CVE-2021-20199). The second is tried where nobody listens at the first.
struct PodAddresses {
    in_addr v4{};
    std::optional<in6_addr> v6;
    size_t count() const { return v6 ? 2 : 1; }
    Endpoint at(size_t index, uint16_t port) const {
        return index == 0 ? Endpoint::of(v4, port) : Endpoint::of(*v6, port);
    }
};

/// Connections to published TCP ports: each becomes one to the pod, and bytes, ends and resets pass both
/// ways. A side that does not read makes the other one wait. Runs in a thread of the pod's network namespace;
/// the listeners are of the host's.
class TcpForwarder {
  public:
    /// @param events  borrowed
    TcpForwarder(const EventSet& events, const PodAddresses& pod);
    ~TcpForwarder();
    TcpForwarder(const TcpForwarder&) = delete;
    TcpForwarder& operator=(const TcpForwarder&) = delete;

    void add(PortListener listener);
    /// After each turn: goes on with the connections whose share of the turn was used up, and lets go of the
    /// closed ones. @return how long to wait at most, in ms; -1: without limit
    int end_turn();

  private:
    class Listener;
    class Connection;
    void start(sys::Fd client, uint16_t port);
    void close(Connection& connection);
    bool is_full() const { return connections_.size() >= most_; }
    void pause();
    void resume_listeners();

    const EventSet& events_;
    PodAddresses pod_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
    std::vector<std::unique_ptr<Connection>> closed_;  ///< events of this turn may still name them
    std::vector<Connection*> unfinished_;
    bool paused_ = false;  ///< a listener waits for descriptors to become free
    int64_t paused_ms_ = 0;
    /// Connections at once: of two sockets each, so that the pod's own connections keep half of the
    /// descriptors that this process may have.
    size_t most_;
    FlowTools tools_;
};

}  // namespace rpod::net
