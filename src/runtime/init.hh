// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <array>
#include <vector>

#include "runtime/plan.hh"
#include "runtime/rootfs.hh"
#include "runtime/sync.hh"
#include "sys/fd.hh"

/// The container's first process, from its birth in new namespaces to the execution of the payload. It has no
/// code of the payload's choosing in it, and no parser of foreign input but that of the image's passwd and
/// group files.
namespace rpod::runtime {

/// What init alone keeps of the launch.
struct InitDescriptors {
    sys::Fd exec_report;  ///< write end; an errno on it means that the payload could not be executed
    sys::Fd stub;         ///< sealed copy of the stub that is executed before the payload
    std::array<sys::Fd, 3> streams;  ///< for Stdio::pipes
};

struct InitContext {
    const LaunchPlan& plan;
    const userns::PodMaps& maps;
    const PreparedRoot& root;
    const std::vector<sys::Fd>& bind_sources;
    InitDescriptors& own;
};

/// @return only where it failed; the failure has been told through sync
int run_init(const InitContext& context, const InitSync& sync);

}  // namespace rpod::runtime
