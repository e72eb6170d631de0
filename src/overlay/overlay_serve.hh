// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstddef>
#include <vector>

#include "overlay/write_session.hh"
#include "sys/fd.hh"

namespace rpod::overlay {

/// One answers; the others are for requests that wait for a disk.
constexpr size_t kOverlayWorkers = 6;

/// All that the system allows; half is left to the files that are open.
/// @return for OverlayOptions::max_descriptors
size_t raise_descriptor_limit();

struct OverlayServeOptions {
    sys::Fd fuse;  ///< from mount_fuse
    Index index;
    std::vector<sys::Fd> blobs{};  ///< layer blobs, lowest first, as the index was built
    Owners owners;                 ///< as the mount's user namespace sees them
    sys::Fd upper, work;
    bool sync = true;  ///< false: nothing is written to the disk on purpose
};

/// Serves a writable overlay above an image until it is unmounted, then returns 0; for a forked process that
/// has no other descriptors and one thread, root of the user namespace that the mount belongs to. It keeps
/// the capabilities and system calls that it needs.
/// @throws Error before the first request is answered; later failures are logged and end in a return value
/// other than 0
int serve_overlay(OverlayServeOptions options);

}  // namespace rpod::overlay
