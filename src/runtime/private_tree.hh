// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "runtime/plan.hh"
#include "sys/fd.hh"
#include "userns/pod_map.hh"

namespace rpod::runtime {

/// In the container's directory: what open_private_tree needs, which belongs to the root of P.
constexpr const char* kTreeDir = "tree";
/// In that: the tree itself. Its directory does not change from when it was complete, so what has been
/// changed in the tree since is younger than that.
constexpr const char* kTreeRoot = "root";

/// Init, in P with all capabilities: the tree of the image that is this container's own, DIR/tree/root, made
/// when it starts for the first time. What a launch that was killed has left is removed.
/// @param sync  whether it must outlive a power failure
sys::Fd open_private_tree(int dir, const ImageRoot& image, const userns::PodMaps& maps, bool sync);

}  // namespace rpod::runtime
