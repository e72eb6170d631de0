// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstddef>

struct fuse_lowlevel_ops;

namespace rpod::overlay {

class Overlay;

/// Of reads and writes; also sets the kernel's max_pages.
constexpr size_t kMaxTransfer = 1 << 20;

/// libfuse's callbacks for a WriteSession: each answers its request exactly once and throws nothing. What has
/// no entry is answered with ENOSYS, which the kernel remembers (FLUSH, locks, ACCESS).
fuse_lowlevel_ops overlay_operations(const Overlay& overlay);

}  // namespace rpod::overlay
