// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "oci/runtime_spec.hh"
#include "sys/scheduling.hh"

/// process.scheduler, process.ioPriority and linux.personality of the runtime spec.
namespace rpod::runtime {

/// @throws Error for words that mean nothing here, and values that do not go with the policy
sys::SchedulerRequest scheduler_request(const oci::Scheduler& scheduler);
/// @throws Error for what apply_scheduling could not do whoever asks
void check_scheduling(const oci::Process& process);

/// To the calling process, for itself and what it executes. Before its limits (RLIMIT_NICE, RLIMIT_RTPRIO)
/// become the container's.
void apply_scheduling(const oci::Process& process);
void apply_personality(const oci::Personality& personality);

}  // namespace rpod::runtime
