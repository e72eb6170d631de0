// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>

namespace rpod::sys {

/// The content of a regular file into an empty one, holes included: by sharing blocks where the file system
/// can.
/// @return 0 or an errno
int copy_content(int from, int to, uint64_t size);

}  // namespace rpod::sys
