// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "overlay/tree.hh"

namespace rpod::overlay {

/// The tree as a chain index (overlay/index_format.hh). @throws Error where it is too large for the format
std::string write_index(const Tree& tree, const std::vector<uint64_t>& blob_sizes);

}  // namespace rpod::overlay
