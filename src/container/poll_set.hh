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
    /// Several at once.
    struct Range {
        size_t begin = 0, end = 0;
    };
    Range add_all(const std::vector<int>& all, short events) {
        const size_t begin = fds.size();
        for (const int fd : all) add(fd, events);
        return {.begin = begin, .end = fds.size()};
    }
    bool any_ready(Range range) const {
        for (size_t i = range.begin; i < range.end; ++i) {
            if (ready(i)) return true;
        }
        return false;
    }
    bool ready(size_t i) const { return fds[i].revents != 0; }
};

}  // namespace rpod::container
