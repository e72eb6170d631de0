// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>

#include "store/paths.hh"
#include "sys/fd.hh"
#include "sys/file.hh"

namespace rpod::store {

/// The lock of the whole store (fcntl(2) on ROOT/lock), held while this object lives. Exclusive: what several
/// files must agree on is changed (a commit of an image, a removal, the sweep). Shared: a temporary is made,
/// which no sweep may see before its maker has locked it. Who only reads takes none. Held for moments, never
/// while data is copied.
///
/// One at a time in a process: taken twice by one thread, it throws; a second thread waits. A fork does not
/// inherit it.
class StoreLock {
  public:
    /// Waits for its turn. @throws SysError
    static StoreLock acquire(const Paths& paths, sys::LockKind kind);
    /// Nothing where it would have to wait.
    static std::optional<StoreLock> try_acquire(const Paths& paths, sys::LockKind kind);
    StoreLock(StoreLock&& other) noexcept : fd_(std::move(other.fd_)), kind_(other.kind_) {}
    StoreLock& operator=(StoreLock&&) = delete;
    ~StoreLock();

    bool exclusive() const noexcept { return kind_ == sys::LockKind::exclusive; }

  private:
    StoreLock(sys::Fd fd, sys::LockKind kind) : fd_(std::move(fd)), kind_(kind) {}
    sys::Fd fd_;
    sys::LockKind kind_;
};

}  // namespace rpod::store
