// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <time.h>

#include <cstdint>

namespace rpod::net {

/// Since some moment in the past; never set back.
inline int64_t now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}
inline int64_t now_ms() { return now_ns() / 1'000'000; }

/// The earlier of two waits for poll(2), where -1 is one without limit.
inline int earlier(int a, int b) {
    if (a < 0) return b;
    return b < 0 || a < b ? a : b;
}

}  // namespace rpod::net
