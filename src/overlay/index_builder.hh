// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "overlay/layer_entry.hh"
#include "overlay/tree.hh"

namespace rpod::overlay {

/// Merges layers, lowest first, into one tree and writes it as a chain index (overlay/index_format.hh).
/// Layers are judged as the OCI image specification says, and as umoci unpacks them where it is silent:
///
/// - The whiteouts of a layer are applied first, whatever their place in the archive: they hide what lower
/// layers have and nothing of
///   their own layer. For the same reason a link of the same layer does not redirect them.
/// - A directory over a directory takes the new attributes and keeps the content; anything else replaces what
/// had the name.
/// - Symbolic links among the parents of a member lead to places inside the image; missing parents, also at
/// the end of such a link, are
///   made: mode 0755, owner 0:0, the mtime of the member that needed them. A parent that is something else is
///   replaced by a directory when it comes from a lower layer (the layer says that it is one now), and is an
///   error within one layer.
/// - A hard link needs an existing target that is no directory, in this or a lower layer; links in its last
/// component are not followed.
/// - A 0/0 character device is overlayfs's whiteout, not a file: it hides the name. AUFS's ".wh..wh.*"
/// members are skipped.
/// - Attributes that a container must not get from an image are dropped (overlay/whiteout.hh, wanted_xattr).
class IndexBuilder {
  public:
    /// The number of the layer's blob is that of earlier calls.
    /// @throws Error for members that make no sense; the builder is of no use afterwards
    void add_layer(const LayerScan& scan);

    /// The index file. To be written to a temporary name and renamed; it is a cache, so nothing needs an
    /// fsync.
    /// @throws Error where the image is too large for the format
    std::string finish() const;

  private:
    Tree tree_;
    std::vector<uint64_t> blob_sizes_;
};

}  // namespace rpod::overlay
