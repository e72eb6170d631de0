// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>

namespace rpod::sys {

/// The first `size` bytes of a regular file to where `to` stands, which may be a file, a pipe or a device: by
/// the kernel where it can, so that no byte passes through this process.
/// @return 0 or an errno; EIO where the file is shorter
int append_content(int from, int to, uint64_t size);

}  // namespace rpod::sys
