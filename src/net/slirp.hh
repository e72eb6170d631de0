// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "net/address.hh"
#include "net/config.hh"
#include "net/frame.hh"
#include "net/poll_set.hh"

struct Slirp;

namespace rpod::net {

struct SlirpLibrary;

/// Where libslirp's frames to the pod go.
class FrameSink {
  public:
    virtual void to_pod(Bytes frame) = 0;

  protected:
    ~FrameSink() = default;
};

/// One instance of libslirp, made for a loop of one thread: register_sockets → wait → handle_sockets → input
/// → send_queued.
/// libslirp knows the time only from handle_sockets, so the first input comes after the first of those.
class SlirpStack {
  public:
    /// @param sink  borrowed; called from within handle_sockets, handle_timers and input. What it throws is
    /// logged.
    /// @throws Error without libslirp, and where outbound_addr names an interface without an address
    SlirpStack(const SlirpConfig& config, FrameSink& sink);
    ~SlirpStack();
    SlirpStack(const SlirpStack&) = delete;
    SlirpStack& operator=(const SlirpStack&) = delete;

    /// Adds libslirp's sockets to `poll`. @return how long to wait at most, in milliseconds; -1: without
    /// limit
    int register_sockets(PollSet& poll);
    /// Lets libslirp read and write the sockets that are ready, and runs what has timed out.
    void handle_sockets(const PollSet& poll);
    /// A frame from the pod; filter it first.
    void input(Bytes frame);
    /// Sends what waited for the pod's hardware address: to be called after an ARP or NDP frame.
    void send_queued();
    /// Whether one of the sockets of the last register_sockets is bound to `local`.
    bool has_socket_at(const Endpoint& local) const;

  private:
    struct Callbacks;
    struct Timer {
        int id;
        void* argument;
        int64_t due_ms = -1;
    };
    void handle_timers();

    const SlirpLibrary& library_;
    FrameSink& sink_;
    PollSet* poll_ = nullptr;
    size_t first_index_ = 0;  ///< of our sockets in poll_
    size_t end_index_ = 0;
    std::vector<std::unique_ptr<Timer>> timers_;
    std::optional<sockaddr_in> outbound_;
    std::optional<sockaddr_in6> outbound6_;
    Slirp* slirp_ = nullptr;
};

}  // namespace rpod::net
