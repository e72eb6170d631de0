// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "overlay/index.hh"
#include "overlay/layer_entry.hh"

namespace rpod::overlay {

/// The part of a tree that a layer above it can have changed: what has a name of the layer's members, the
/// directories on the way there, and all that is in a directory that the layer empties or replaces. In the
/// form of a layer, without contents. So two small trees tell what the layer changes of a large one.
/// @throws Error for members that make no sense
LayerScan excerpt(const Index& tree, const LayerScan& layer);

}  // namespace rpod::overlay
