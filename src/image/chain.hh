// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <utility>
#include <vector>

#include "oci/digest.hh"
#include "overlay/index.hh"
#include "overlay/layer_entry.hh"
#include "store/paths.hh"
#include "sys/fd.hh"

namespace rpod::image {

struct StoredLayer;

/// The chain ID of layers, lowest first (OCI image-spec config.md); of no layers: the digest of nothing.
oci::Digest chain_id(const std::vector<oci::Digest>& diff_ids);

/// The chain index of these layers, whose tars are open in `blobs`: from the cache, else built from the tars
/// and put there. Where the cache cannot be written (a full disk), it lives in memory only.
std::pair<sys::Fd, overlay::Index> open_chain_index(const store::Paths& paths,
                                                    const std::vector<StoredLayer>& layers,
                                                    const std::vector<sys::Fd>& blobs);

/// The one in the cache, if it is whole and of these layers.
std::optional<std::pair<sys::Fd, overlay::Index>> find_chain_index(const store::Paths& paths,
                                                                   const std::vector<StoredLayer>& layers);

/// The tree of layers' scans, lowest first; lives in memory only.
overlay::Index merge_scans(const std::vector<const overlay::LayerScan*>& scans);

/// What the layers and, where it is not null, `top` above them make together; lives in memory only.
/// @throws Error where `top` makes no sense
overlay::Index merge_layers(const std::vector<StoredLayer>& layers, const std::vector<sys::Fd>& blobs,
                            const overlay::LayerScan* top);

}  // namespace rpod::image
