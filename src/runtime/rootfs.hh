// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "overlay/serve.hh"
#include "runtime/plan.hh"
#include "runtime/sync.hh"
#include "sys/rooted_dir.hh"

namespace rpod::runtime {

/// Launch side, session root: the directories that mount_root uses are made, and `upper` and `work` are given
/// to the root of the container's user namespace (P), as overlayfs wants it.
/// @param views  of the image, as overlay::wanted_views gives them; empty for a directory
void prepare_root(const LaunchPlan& plan, const userns::PodMaps& maps,
                  const std::vector<overlay::View>& views);

/// Init, in P's mount namespace with all capabilities: mounts the container's root file system, without what
/// belongs into it. For an image the FUSE connections are sent to the launch side, which serves them, before
/// overlayfs looks at what they show.
sys::RootedDir mount_root(const LaunchPlan& plan, const std::vector<overlay::View>& views,
                          const InitSync& sync);

}  // namespace rpod::runtime
