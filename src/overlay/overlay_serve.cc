// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/overlay_serve.hh"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>

#include "base/error.hh"
#include "base/log.hh"
#include "overlay/overlay_sandbox.hh"
#include "sys/rlimit.hh"

namespace rpod::overlay {
namespace {

/// Descriptors that are kept for nodes, where the limit lets us: a kernel's struct file each, 256 bytes.
constexpr uint64_t kMaxNodeDescriptors = 16384;

}  // namespace

size_t raise_descriptor_limit() {
    sys::raise_open_files();
    return static_cast<size_t>(std::min(sys::current_rlimit(RLIMIT_NOFILE).soft / 2, kMaxNodeDescriptors));
}

int serve_overlay(OverlayServeOptions options) {
    // The modes of what is made come from the kernel, which has applied the caller's umask or left it to us.
    ::umask(0);
    OverlayOptions layers;
    layers.image = std::make_unique<const ImageSource>(std::move(options.index), std::move(options.blobs),
                                                       std::move(options.owners));
    layers.upper = std::move(options.upper);
    layers.work = WorkDir::open(options.work.get());
    layers.sync = options.sync;
    layers.max_descriptors = raise_descriptor_limit();
    Overlay overlay(std::move(layers));
    WriteSession session(overlay, std::move(options.fuse), {});
    limit_overlay_capabilities();
    std::atomic<int> failure = 0;
    const auto work = [&] {
        if (const int e = session.run()) failure = e;
    };
    std::vector<std::thread> workers;
    for (size_t i = 1; i < kOverlayWorkers; ++i) workers.emplace_back(work);
    limit_overlay_calls();
    work();
    for (std::thread& worker : workers) worker.join();
    if (failure != 0) log::error("serve an overlay: {}", std::strerror(failure));
    return failure == 0 ? 0 : kExitFailed;
}

}  // namespace rpod::overlay
