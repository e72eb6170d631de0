// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/epoll.h>

#include <cstdint>

#include "base/error.hh"
#include "sys/fd.hh"

namespace rpod::net {

/// What epoll(7) tells of a descriptor. Must live until the turn of the loop in which it was removed is over.
class EventTarget {
  public:
    virtual void ready(uint32_t events) = 0;

  protected:
    ~EventTarget() = default;
};

/// An epoll(7) set, O(1) for each event.
class EventSet {
  public:
    EventSet() : epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "create an epoll set")) {}

    /// @return false where the kernel has no memory for it, or the limit of watches is reached
    bool add(int fd, uint32_t events, EventTarget& target) const {
        epoll_event event{};
        event.events = events;
        event.data.ptr = &target;
        return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
    }
    void remove(int fd) const { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

    /// @param timeout_ms  -1: without limit
    void dispatch(int timeout_ms) const {
        constexpr int kBatch = 128;
        epoll_event events[kBatch];
        const int n = ::epoll_wait(epoll_.get(), events, kBatch, timeout_ms);
        if (n < 0 && errno != EINTR) check(n, "wait for the published ports");
        for (int i = 0; i < n; ++i) static_cast<EventTarget*>(events[i].data.ptr)->ready(events[i].events);
    }

  private:
    sys::Fd epoll_;
};

}  // namespace rpod::net
