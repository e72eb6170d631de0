// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <poll.h>

#include <cerrno>
#include <vector>

#include "base/error.hh"

namespace rpod::net {

/// The descriptors of one turn of a poll(2) loop. Filled anew in each turn; keeps its memory.
class PollSet {
  public:
    void clear() { fds_.clear(); }
    /// @return the index for revents
    size_t add(int fd, short events) {
        fds_.push_back(pollfd{.fd = fd, .events = events, .revents = 0});
        return fds_.size() - 1;
    }
    short revents(size_t index) const { return fds_[index].revents; }
    const std::vector<pollfd>& fds() const { return fds_; }

    /// @param timeout_ms  -1: without limit. @return false where a signal interrupted the wait
    bool wait(int timeout_ms) {
        const int n = ::poll(fds_.data(), fds_.size(), timeout_ms);
        if (n < 0 && errno != EINTR) check(n, "wait for {} descriptors", fds_.size());
        return n >= 0;
    }

  private:
    std::vector<pollfd> fds_;
};

}  // namespace rpod::net
