// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <array>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/event_loop.hh"
#include "net/forward_tcp.hh"
#include "net/listen.hh"

namespace rpod::net {

/// Datagrams to published UDP ports: each client has a socket of its own in the pod, so that answers find
/// their way back; they leave from the address that the client sent to. As TcpForwarder otherwise.
class UdpForwarder {
  public:
    UdpForwarder(const EventSet& events, const PodAddresses& pod);
    ~UdpForwarder();
    UdpForwarder(const UdpForwarder&) = delete;
    UdpForwarder& operator=(const UdpForwarder&) = delete;

    void add(PortListener listener);
    /// After each turn: forgets clients that are silent. @return how long to wait at most; -1: without limit
    int end_turn();

    /// Clients of all ports; beyond it the one that was silent longest is forgotten.
    static constexpr size_t kMaxFlows = 1024;
    static constexpr int kSilentMs = 60'000;

  private:
    class Listener;
    class Flow;
    void forget_oldest();

    const EventSet& events_;
    PodAddresses pod_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::list<std::unique_ptr<Flow>> flows_;  ///< the one that was silent longest first
    std::list<std::unique_ptr<Flow>> closed_;
    std::vector<uint8_t> buffer_ = std::vector<uint8_t>(64 << 10);
};

}  // namespace rpod::net
