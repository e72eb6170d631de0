// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/timer.hh"

#include <sys/timerfd.h>

#include "base/error.hh"

namespace rpod::sys {

void Timer::arm(std::chrono::milliseconds after) {
    fd_ = Fd(check(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "create a timer"));
    const auto ms = after.count();
    // All zero would disarm it.
    const itimerspec when{.it_interval = {},
                          .it_value = {.tv_sec = ms / 1000, .tv_nsec = ms > 0 ? ms % 1000 * 1000000 : 1}};
    check(::timerfd_settime(fd_.get(), 0, &when, nullptr), "set a timer");
}

}  // namespace rpod::sys
