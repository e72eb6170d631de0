// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <poll.h>

#include <cstddef>
#include <vector>

namespace rpod::container {

/// What one turn of a monitor's poll loop waits for.
struct PollSet {
    std::vector<pollfd> fds;
    /// @param fd  -1: nothing. @return where ready() finds it
    size_t add(int fd, short events) {
        fds.push_back({.fd = fd, .events = events, .revents = 0});
        return fds.size() - 1;
    }
    bool ready(size_t i) const { return fds[i].revents != 0; }
};

}  // namespace rpod::container
