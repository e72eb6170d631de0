// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <vector>

#include "runtime/plan.hh"
#include "sys/fd.hh"
#include "sys/rooted_dir.hh"

namespace rpod::runtime {

/// Launch side, session root in a mount namespace of its own: a detached copy of what each bind mount of the
/// spec binds, at the mount's position; empty for other mounts. The caller's rights decide here what can be
/// bound: in P its own ID may not exist.
std::vector<sys::Fd> open_bind_sources(const LaunchPlan& plan);

/// Init: makes all mounts of the spec below the root, in order. Mount points that are missing are made;
/// symbolic links on the way are resolved inside the root.
void mount_all(const LaunchPlan& plan, const std::vector<sys::Fd>& bind_sources, const sys::RootedDir& root);

}  // namespace rpod::runtime
