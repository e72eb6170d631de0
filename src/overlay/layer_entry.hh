// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace rpod::overlay {

enum class EntryType : uint8_t { regular, directory, symlink, hardlink, char_device, block_device, fifo };

/// A run of file content that lies in the layer blob; what no extent covers is a hole (zeros).
struct Extent {
    uint64_t file_offset;
    uint64_t blob_offset;  ///< from the start of the uncompressed tar
    uint64_t length;
};

/// One member of a layer archive, as the archive says it: a scanner (image/tar) fills it, the index builder
/// judges it. Whiteouts (".wh.NAME", ".wh..wh..opq") are ordinary members here; the builder gives them their
/// meaning.
struct LayerEntry {
    /// Relative to the root of the image: no leading or trailing '/', no empty, "." or ".." component (the
    /// scanner removes the former and refuses or clamps the latter); empty for the root directory itself.
    /// Bytes, not text.
    std::string path;
    EntryType type = EntryType::regular;
    uint32_t mode = 0;  ///< permission and set-ID bits, 07777
    uint32_t uid = 0;
    uint32_t gid = 0;
    int64_t mtime_s = 0;
    uint32_t mtime_ns = 0;
    uint64_t size = 0;   ///< of a regular file, holes included
    std::string target;  ///< symlink: its text, unchanged; hardlink: a path of the form of `path`
    uint32_t dev_major = 0;
    uint32_t dev_minor = 0;
    std::vector<std::pair<std::string, std::string>> xattrs;  ///< full names ("security.capability")
    std::vector<Extent> extents;                              ///< sorted by file_offset, not overlapping
};

/// All members of one layer, in the order of the archive.
struct LayerScan {
    std::vector<LayerEntry> entries;
    uint64_t blob_size = 0;  ///< of the uncompressed tar; every extent lies inside
};

}  // namespace rpod::overlay
