// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <chrono>

#include "sys/fd.hh"

namespace rpod::sys {

/// A one-shot timer for a poll loop (timerfd(2), CLOCK_MONOTONIC).
class Timer {
  public:
    /// Starts it, or starts it again. A time of zero is over at once.
    void arm(std::chrono::milliseconds after);
    void disarm() noexcept { fd_.reset(); }
    bool armed() const noexcept { return static_cast<bool>(fd_); }
    /// Readable when the time is over; -1 where it is not armed.
    int fd() const noexcept { return fd_.get(); }

  private:
    Fd fd_;
};

}  // namespace rpod::sys
