// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// CPU and I/O scheduling of the calling process (sched(7), ioprio_set(2)).
namespace rpod::sys {

/// As sched_setattr(2) takes it.
struct SchedulerRequest {
    uint32_t policy = 0;
    uint64_t flags = 0;
    int32_t nice = 0;
    uint32_t priority = 0;
    uint64_t runtime = 0, deadline = 0, period = 0;  ///< nanoseconds
    friend bool operator==(const SchedulerRequest&, const SchedulerRequest&) = default;
};

/// "SCHED_FIFO" → its number, of those that Linux has.
std::optional<uint32_t> find_scheduler_policy(std::string_view name);
/// "SCHED_FLAG_RESET_ON_FORK" → its bit, of those that need no further values.
std::optional<uint64_t> find_scheduler_flag(std::string_view name);
/// @throws Error, with a hint where it takes a privilege
void set_scheduler(const SchedulerRequest& request);

/// "IOPRIO_CLASS_BE" → its number.
std::optional<int> find_io_class(std::string_view name);
/// @param level  0 (first) to 7
/// @throws Error, with a hint where it takes a privilege
void set_io_priority(int io_class, int level);

}  // namespace rpod::sys
