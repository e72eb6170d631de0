// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/overlay_mount.hh"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <atomic>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "base/error.hh"
#include "base/log.hh"
#include "overlay/overlay_sandbox.hh"
#include "overlay/overlay_serve.hh"
#include "overlay/serve.hh"
#include "sys/capability.hh"
#include "sys/file.hh"
#include "sys/process.hh"

namespace rpod::overlay {
namespace {

sys::Fd open_layer(const std::string& path, const char* option) {
    return in_context([&] { return sys::open_file(path, O_PATH | O_DIRECTORY); }, "{}", option);
}

OverlayOptions open_layers(const MountOptions& options) {
    OverlayOptions opened;
    for (const std::string& lower : options.lowers) opened.lowers.push_back(open_layer(lower, "lowerdir"));
    if (!options.upper.empty()) {
        opened.upper = open_layer(options.upper, "upperdir");
        const sys::Fd work = open_layer(options.work, "workdir");
        struct stat upper {};
        struct stat beside {};
        check(::fstat(opened.upper.get(), &upper), "stat '{}'", options.upper);
        check(::fstat(work.get(), &beside), "stat '{}'", options.work);
        if (upper.st_dev != beside.st_dev) throw Error("upperdir and workdir are on different file systems");
        if (!options.read_only)
            opened.work = in_context([&] { return WorkDir::open(work.get()); }, "workdir '{}'", options.work);
    }
    opened.uids = options.uid_map();
    opened.gids = options.gid_map();
    opened.sync = options.sync;
    opened.static_nlink = options.static_nlink;
    opened.count_links = !options.static_nlink;
    opened.acls = options.acls && options.xattrs;
    opened.xattrs = options.xattrs;
    opened.max_descriptors = raise_descriptor_limit();
    return opened;
}

bool may_mount() { return sys::current_capabilities().effective & sys::cap_bit(sys::kCapSysAdmin); }

FuseMount to_fuse_mount(const MountOptions& options, bool read_only) {
    return {.source = options.source,
            .subtype = "fuse-overlayfs",
            .read_only = read_only,
            .nosuid = options.nosuid,
            .nodev = options.nodev,
            .noexec = options.noexec,
            .noatime = options.noatime};
}

std::string helper_options(const MountOptions& options, bool read_only) {
    std::string text = "fsname=" + options.source + ",subtype=fuse-overlayfs,default_permissions";
    if (read_only) text += ",ro";
    if (options.allow_other) text += ",allow_other";
    if (options.noexec) text += ",noexec";
    if (options.noatime) text += ",noatime";
    return text;
}

std::string absolute(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
    if (!real) throw SysError(errno, "mount point '{}'", path);
    return real.get();
}

sigset_t to_set(std::initializer_list<int> signals) {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : signals) ::sigaddset(&set, signal);
    return set;
}

}  // namespace

OverlayMount::OverlayMount(const MountOptions& options, const std::string& path)
    : path_(absolute(path)),
      by_helper_(!may_mount()),
      overlay_(std::make_unique<Overlay>(open_layers(options))) {
    const WriteSessionOptions session{.timeout = options.timeout, .writeback = options.writeback};
    const bool read_only = overlay_->read_only();
    if (by_helper_) {
        session_ =
            std::make_unique<WriteSession>(*overlay_, path_, helper_options(options, read_only), session);
        return;
    }
    sys::Fd fuse = mount_fuse(AT_FDCWD, path_.c_str(), to_fuse_mount(options, read_only));
    session_ = std::make_unique<WriteSession>(*overlay_, std::move(fuse), session);
}

/// Who still has files open keeps them, and us.
void OverlayMount::unmount() const noexcept {
    try {
        if (!by_helper_) {
            check(::umount2(path_.c_str(), MNT_DETACH), "unmount '{}'", path_);
            return;
        }
        const auto result = sys::finish_program(
            sys::start_program({sys::find_program("fusermount3"), "-u", "-q", "-z", "--", path_}));
        if (!result.status.ok()) throw Error("unmount '{}': fusermount3 failed", path_);
    } catch (const std::exception& e) {
        log::warn("{}", e.what());
    }
}

int OverlayMount::serve() {
    // The modes of what is made come from the kernel, which has applied the caller's umask or left it to us.
    ::umask(0);
    constexpr int kWorkerEnded = SIGUSR1;
    const sigset_t signals = to_set({SIGINT, SIGTERM, SIGHUP, kWorkerEnded});
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    // The helper would not run without new privileges.
    if (!by_helper_) limit_overlay_capabilities();
    const pthread_t main_thread = ::pthread_self();
    std::atomic<int> failure = 0;
    std::vector<std::thread> workers;
    for (size_t i = 0; i < kOverlayWorkers; ++i) {
        workers.emplace_back([&] {
            if (const int e = session_->run()) failure = e;
            ::pthread_kill(main_thread, kWorkerEnded);
        });
    }
    if (!by_helper_) limit_overlay_calls();
    for (bool asked = false;;) {
        int signal = 0;
        ::sigwait(&signals, &signal);
        if (signal == kWorkerEnded) break;
        if (!asked) unmount();
        asked = true;
    }
    for (std::thread& worker : workers) worker.join();
    if (failure != 0) log::error("serve '{}': {}", path_, std::strerror(failure));
    return failure == 0 ? 0 : kExitFailed;
}

}  // namespace rpod::overlay
