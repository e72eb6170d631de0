// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/serve.hh"

#include <malloc.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <thread>

#include "base/error.hh"
#include "base/log.hh"
#include "overlay/image_layer.hh"
#include "overlay/request_log.hh"
#include "overlay/session.hh"
#include "sys/capability.hh"
#include "sys/seccomp.hh"

namespace rpod::overlay {
namespace {

/// For each mount: one answers, the other reads ahead.
constexpr size_t kWorkers = 2;

/// Requests, file data, memory, locks, threads that end, and writing a log line.
constexpr std::array kAllowedCalls{
    "read",
    "write",
    "writev",
    "pread64",
    "brk",
    "mmap",
    "munmap",
    "mremap",
    "madvise",
    "futex",
    "set_robust_list",
    "rseq",
    "exit",
    "exit_group",
    "rt_sigreturn",
    "rt_sigprocmask",
    "restart_syscall",
    "sched_yield",
    "clock_gettime",
    "getpid",
    "gettid",
    "tgkill",
    "close",
    "nanosleep",
    "clock_nanosleep",
};

void check_blobs(const ServeOptions& options) {
    const auto sizes = options.index.blob_sizes();
    if (options.blobs.size() != sizes.size()) {
        throw Error("serve an image: {} layers where its index has {}", options.blobs.size(), sizes.size());
    }
    for (size_t i = 0; i < sizes.size(); ++i) {
        struct stat st {};
        check(::fstat(options.blobs[i].get(), &st), "stat layer {}", i);
        if (static_cast<uint64_t>(st.st_size) < sizes[i])
            throw Error("serve an image: layer {} is too short", i);
    }
}

/// Everything that belongs to one mount, at an address that stays.
struct Served {
    Served(sys::Fd fuse, const ImageLayer& image, const RequestLog& log, size_t number)
        : layer(image), session(std::move(fuse), layer, log, number) {}
    ImageLayer layer;
    Session session;
};

/// Runs all workers; the last one in the calling thread. The filter holds for all threads, so it comes after
/// they were made, and they wait for it.
int run_workers(const std::vector<std::unique_ptr<Served>>& mounts) {
    std::atomic<bool> sandboxed = false;
    std::atomic<int> failure = 0;
    const auto work = [&](Session& session, size_t worker) {
        sandboxed.wait(false);
        if (const int e = session.run(worker)) failure = e;
    };
#ifdef M_ARENA_MAX
    // An arena for each thread grows by mprotect(2), which the filter forbids: every allocation would try and
    // fail.
    ::mallopt(M_ARENA_MAX, 1);
#endif
    std::vector<std::thread> threads;
    for (size_t i = 0; i < mounts.size() * kWorkers - 1; ++i) {
        threads.emplace_back(work, std::ref(mounts[i / kWorkers]->session), i % kWorkers);
    }
    sys::allow_only_syscalls(kAllowedCalls);
    sandboxed = true;
    sandboxed.notify_all();
    work(mounts.back()->session, kWorkers - 1);
    for (std::thread& thread : threads) thread.join();
    return failure;
}

}  // namespace

std::vector<View> wanted_views(const Index& index) {
    if (!(index.flags() & kIndexHasXattrs)) return {View::complete};
    // One mount: a GETXATTR for each file. Two: a LOOKUP in the upper one for each name in the directories
    // that it has, which costs a little more, and slower listings of those.
    constexpr uint64_t kFactor = 4;
    const std::vector<bool> upper = nodes_with_xattrs(index);
    uint64_t files = 0;
    uint64_t names = 0;
    for (Ino ino = kRootIno; ino <= index.size(); ++ino) {
        const Node& node = index.node(ino);
        if (S_ISREG(node.mode)) ++files;
        if (upper[ino - 1]) names += index.entries(node).size();
    }
    if (names * kFactor > files) return {View::complete};
    return {View::only_xattrs, View::without_xattrs};
}

int serve(ServeOptions options) {
    if (options.mounts.empty()) throw Error("serve an image: no mount");
    check_blobs(options);
    const RequestLog log(options.request_log ? options.request_log.get() : -1, options.mounts.size(),
                         kWorkers);
    std::vector<std::unique_ptr<Served>> mounts;
    for (ServedMount& mount : options.mounts) {
        const ImageLayer layer(options.index, options.blobs, options.owners, mount.view);
        mounts.push_back(std::make_unique<Served>(std::move(mount.fuse), layer, log, mounts.size()));
    }
    sys::set_capabilities({});
    if (options.takeover) {
        for (const auto& mount : mounts) mount->session.take_over(kWorkers);
    }
    const int failure = run_workers(mounts);
    if (failure != 0) log::error("serve an image: {}", std::strerror(failure));
    return failure == 0 ? 0 : kExitFailed;
}

}  // namespace rpod::overlay
