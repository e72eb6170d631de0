// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <string>

#include "store/lock.hh"
#include "store/paths.hh"
#include "sys/fd.hh"

/// What is being made lives under a name that starts with ".tmp-" in the directory where it will be renamed,
/// and its maker holds a record lock on it: on the file itself, or on the file "lock" in a directory. A
/// temporary without a lock has lost its maker, and the next command that passes sweeps it. So that a sweep
/// never sees one between its creation and its lock, makers hold the store lock (shared will do) for that
/// moment, sweepers hold it exclusively.
namespace rpod::store {

/// A directory being filled; removed with its content at the end of its life.
class TemporaryDir {
  public:
    TemporaryDir(const std::filesystem::path& parent, const StoreLock& held);
    TemporaryDir(TemporaryDir&&) noexcept = default;
    TemporaryDir& operator=(TemporaryDir&&) = delete;
    ~TemporaryDir();

    const std::filesystem::path& path() const noexcept { return path_; }
    int fd() const noexcept { return dir_.get(); }

  private:
    std::filesystem::path path_;
    sys::Fd dir_;
    sys::Fd lock_;
};

/// A file being written; removed at the end of its life unless it got its name.
class TemporaryFile {
  public:
    TemporaryFile(const std::filesystem::path& parent, const StoreLock& held);
    TemporaryFile(TemporaryFile&&) noexcept = default;
    TemporaryFile& operator=(TemporaryFile&&) = delete;
    ~TemporaryFile();

    const std::filesystem::path& path() const noexcept { return path_; }
    int fd() const noexcept { return fd_.get(); }
    /// rename(2) within its directory, over what is there.
    void rename_to(const std::string& name);

  private:
    std::filesystem::path path_;
    sys::Fd fd_;
};

/// Whether `dir` holds any temporary, dead or alive: one readdir, no lock. A missing directory holds none.
bool has_temporaries(const std::filesystem::path& dir);

/// Removes the temporaries in `dir` whose maker is dead.
void sweep(const std::filesystem::path& dir, const StoreLock& exclusive);

}  // namespace rpod::store
