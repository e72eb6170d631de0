// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "store/lock.hh"

#include <mutex>

#include "base/error.hh"
#include "base/log.hh"

namespace rpod::store {
namespace {

// Record locks belong to the process: two threads would both hold one, and the first to close the file would
// drop both.
std::mutex process_turn;
thread_local bool held_here = false;

}  // namespace

StoreLock StoreLock::acquire(const Paths& paths, sys::LockKind kind) {
    if (held_here) throw Error("internal error: the store lock is taken twice");
    std::unique_lock turn(process_turn);
    sys::Fd fd = sys::open_file(paths.lock_file(), O_RDWR | O_CREAT, 0600);
    if (!sys::try_lock(fd.get(), kind)) {
        log::debug("waiting for another rpod, which holds the store lock");
        sys::lock(fd.get(), kind);
    }
    held_here = true;
    (void)turn.release();
    return StoreLock(std::move(fd), kind);
}

std::optional<StoreLock> StoreLock::try_acquire(const Paths& paths, sys::LockKind kind) {
    if (held_here) return std::nullopt;
    std::unique_lock turn(process_turn, std::try_to_lock);
    if (!turn) return std::nullopt;
    sys::Fd fd = sys::open_file(paths.lock_file(), O_RDWR | O_CREAT, 0600);
    if (!sys::try_lock(fd.get(), kind)) return std::nullopt;
    held_here = true;
    (void)turn.release();
    return StoreLock(std::move(fd), kind);
}

StoreLock::~StoreLock() {
    if (!fd_) return;
    fd_.reset();
    held_here = false;
    process_turn.unlock();
}

}  // namespace rpod::store
