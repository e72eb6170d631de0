// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "image/pax.hh"
#include "image/tar_header.hh"
#include "overlay/layer_entry.hh"

namespace rpod::image {

/// The data runs of a sparse file, as its archive lists them: where each lies in the file, in the order of
/// the data.
using SparseMap = std::vector<std::pair<uint64_t, uint64_t>>;  // offset, length

/// Gives the next block of the archive.
using NextBlock = std::function<TarHeader::Block()>;

/// The map of the old GNU format (type 'S'): four runs in the header, more in the extension blocks behind it.
SparseMap read_gnu_sparse_map(const TarHeader& header, const NextBlock& next_block);
/// The size of such a file, holes included.
uint64_t gnu_sparse_real_size(const TarHeader& header);

/// The map of pax formats 0.0 and 0.1.
SparseMap pax_sparse_map(const PaxRecords::Sparse& sparse);
/// The map of pax format 1.0: decimal lines in front of the data, filled up to a block.
SparseMap read_pax_sparse_map(const NextBlock& next_block);

/// Extents for the map, whose data start at blob_offset. @throws Error unless the runs are in order, do not
/// overlap, end within real_size, and make up data_size
std::vector<overlay::Extent> sparse_extents(const SparseMap& map, uint64_t real_size, uint64_t blob_offset,
                                            uint64_t data_size);

}  // namespace rpod::image
