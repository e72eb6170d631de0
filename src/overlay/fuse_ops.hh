// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

struct fuse_lowlevel_ops;

namespace rpod::overlay {

/// libfuse's callbacks for a WriteSession: each answers its request exactly once and throws nothing. What has
/// no entry is answered with ENOSYS, which the kernel remembers (FLUSH, locks, ACCESS).
fuse_lowlevel_ops overlay_operations();

}  // namespace rpod::overlay
