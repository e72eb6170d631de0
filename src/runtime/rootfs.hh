// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "overlay/serve.hh"
#include "runtime/plan.hh"
#include "runtime/sync.hh"
#include "sys/rooted_dir.hh"

namespace rpod::runtime {

/// What the launch side prepares of the root file system, while the caller's rights still hold: in P its own
/// ID may not exist.
struct PreparedRoot {
    sys::Fd directory;  ///< a detached copy of RootPlan::directory, with what of lower0…, upper, work, tree
                        ///< and merged the root needs
    sys::Fd source;     ///< a detached copy of the directory to be the root, or of the image's tree that
                     ///< containers share; empty: the image is shown by FUSE, or the tree is the container's
    std::vector<overlay::View> views;  ///< of the image, where it is shown by FUSE
};

/// Launch side, session root in a mount namespace of its own: makes the directories that mount_root uses;
/// `upper`, `work` and `tree` are given to the root of the container's user namespace (P), as overlayfs wants
/// it.
PreparedRoot prepare_root(const RootPlan& plan, const userns::PodMaps& maps);

/// Init, in P's mount namespace with all capabilities: mounts the container's root file system, without what
/// belongs into it. For an image the FUSE connections are sent to the launch side, which serves them, before
/// overlayfs looks at what they show.
sys::RootedDir mount_root(const RootPlan& plan, const PreparedRoot& prepared, const userns::PodMaps& maps,
                          const InitSync& sync);

}  // namespace rpod::runtime
