// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/scheduling.hh"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

#include "base/error.hh"

// glibc has no SCHED_DEADLINE before 2.41, nor the rest at all.
#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE 6
#endif

namespace rpod::sys {
namespace {

/// struct sched_attr, first version: what all kernels since 3.14 take.
struct SchedAttr {
    uint32_t size = sizeof(SchedAttr);
    uint32_t policy = 0;
    uint64_t flags = 0;
    int32_t nice = 0;
    uint32_t priority = 0;
    uint64_t runtime = 0, deadline = 0, period = 0;
};
static_assert(sizeof(SchedAttr) == 48);

template <class T, size_t N>
std::optional<T> find(const std::pair<std::string_view, T> (&table)[N], std::string_view name) {
    for (const auto& [text, value] : table) {
        if (text == name) return value;
    }
    return std::nullopt;
}

[[noreturn]] void fail(SysError error, const char* hint) {
    if (error.is(EPERM)) throw std::move(error).with_hint(hint);
    throw error;
}

constexpr int kIoClassShift = 13;
constexpr int kIoWhoProcess = 1;

}  // namespace

std::optional<uint32_t> find_scheduler_policy(std::string_view name) {
    constexpr std::pair<std::string_view, uint32_t> policies[] = {
        {"SCHED_OTHER", SCHED_OTHER}, {"SCHED_FIFO", SCHED_FIFO}, {"SCHED_RR", SCHED_RR},
        {"SCHED_BATCH", SCHED_BATCH}, {"SCHED_IDLE", SCHED_IDLE}, {"SCHED_DEADLINE", SCHED_DEADLINE},
    };
    return find(policies, name);
}

std::optional<uint64_t> find_scheduler_flag(std::string_view name) {
    constexpr std::pair<std::string_view, uint64_t> flags[] = {
        {"SCHED_FLAG_RESET_ON_FORK", 0x01}, {"SCHED_FLAG_RECLAIM", 0x02},     {"SCHED_FLAG_DL_OVERRUN", 0x04},
        {"SCHED_FLAG_KEEP_POLICY", 0x08},   {"SCHED_FLAG_KEEP_PARAMS", 0x10},
    };
    return find(flags, name);
}

void set_scheduler(const SchedulerRequest& request) {
    const SchedAttr attr{.policy = request.policy,
                         .flags = request.flags,
                         .nice = request.nice,
                         .priority = request.priority,
                         .runtime = request.runtime,
                         .deadline = request.deadline,
                         .period = request.period};
    if (::syscall(SYS_sched_setattr, 0, &attr, 0) == 0) return;
    fail(SysError(errno, "set the scheduling policy"),
         "a user may not be scheduled better than now, but within the limits RLIMIT_NICE and RLIMIT_RTPRIO "
         "that the administrator gave");
}

std::optional<int> find_io_class(std::string_view name) {
    constexpr std::pair<std::string_view, int> classes[] = {
        {"IOPRIO_CLASS_RT", 1}, {"IOPRIO_CLASS_BE", 2}, {"IOPRIO_CLASS_IDLE", 3}};
    return find(classes, name);
}

void set_io_priority(int io_class, int level) {
    if (::syscall(SYS_ioprio_set, kIoWhoProcess, 0, io_class << kIoClassShift | level) == 0) return;
    fail(SysError(errno, "set the I/O priority"), "the class IOPRIO_CLASS_RT takes a privilege on the host");
}

}  // namespace rpod::sys
