// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/scheduling.hh"

#include <sched.h>
#include <sys/personality.h>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::runtime {
namespace {

uint64_t scheduler_flags(const oci::Scheduler& scheduler) {
    uint64_t flags = 0;
    for (const auto& text : scheduler.flags) {
        const auto flag = sys::find_scheduler_flag(text);
        if (!flag && text.starts_with("SCHED_FLAG_UTIL_CLAMP_"))
            throw Error("process.scheduler.flags: {} is not supported: the specification has no value for it",
                        printable(text));
        if (!flag) throw Error("process.scheduler.flags: there is no flag '{}'", printable(text));
        flags |= *flag;
    }
    return flags;
}

void check_values(const oci::Scheduler& scheduler) {
    const auto& policy = scheduler.policy;
    const auto only_for = [&](bool given, const char* member, bool fits, const char* policies) {
        if (given && !fits)
            throw Error("process.scheduler.{}: is for {}, not for {}", member, policies, policy);
    };
    const bool real_time = policy == "SCHED_FIFO" || policy == "SCHED_RR";
    const bool deadline = policy == "SCHED_DEADLINE";
    only_for(scheduler.priority.value_or(0) != 0, "priority", real_time, "SCHED_FIFO and SCHED_RR");
    only_for(scheduler.runtime.value_or(0) != 0, "runtime", deadline, "SCHED_DEADLINE");
    only_for(scheduler.deadline.value_or(0) != 0, "deadline", deadline, "SCHED_DEADLINE");
    only_for(scheduler.period.value_or(0) != 0, "period", deadline, "SCHED_DEADLINE");
    const auto nice = scheduler.nice.value_or(0);
    if (nice < -20 || nice > 19) throw Error("process.scheduler.nice: {} is not from -20 to 19", nice);
    constexpr int kMaxPriority = 99;
    const auto priority = scheduler.priority.value_or(0);
    if (real_time && (priority < 1 || priority > kMaxPriority))
        throw Error("process.scheduler.priority: {} is not from 1 to {}", priority, kMaxPriority);
}

int io_class_of(const oci::IoPriority& priority) {
    const auto found = sys::find_io_class(priority.io_class);
    if (!found) throw Error("process.ioPriority.class: there is no class '{}'", printable(priority.io_class));
    if (priority.priority < 0 || priority.priority > 7)
        throw Error("process.ioPriority.priority: {} is not from 0 to 7", priority.priority);
    return *found;
}

}  // namespace

sys::SchedulerRequest scheduler_request(const oci::Scheduler& scheduler) {
    const auto policy = sys::find_scheduler_policy(scheduler.policy);
    if (!policy) {
        throw Error("process.scheduler.policy: {} '{}'",
                    scheduler.policy == "SCHED_ISO" ? "Linux has no" : "there is no policy",
                    printable(scheduler.policy));
    }
    check_values(scheduler);
    return {.policy = *policy,
            .flags = scheduler_flags(scheduler),
            .nice = scheduler.nice.value_or(0),
            .priority = static_cast<uint32_t>(scheduler.priority.value_or(0)),
            .runtime = scheduler.runtime.value_or(0),
            .deadline = scheduler.deadline.value_or(0),
            .period = scheduler.period.value_or(0)};
}

void check_scheduling(const oci::Process& process) {
    if (process.scheduler) scheduler_request(*process.scheduler);
    if (process.io_priority) io_class_of(*process.io_priority);
}

void apply_scheduling(const oci::Process& process) {
    if (process.scheduler)
        in_context([&] { sys::set_scheduler(scheduler_request(*process.scheduler)); }, "process.scheduler");
    if (process.io_priority) {
        const auto& wanted = *process.io_priority;
        in_context([&] { sys::set_io_priority(io_class_of(wanted), wanted.priority); }, "process.ioPriority");
    }
}

void apply_personality(const oci::Personality& personality) {
    check(::personality(personality.domain == "LINUX32" ? PER_LINUX32 : PER_LINUX), "set the personality {}",
          personality.domain);
}

}  // namespace rpod::runtime
