// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <optional>
#include <string>

#include "sys/fd.hh"

namespace rpod::sys {

/// A directory as the root of all that is reached through it: every path, absolute or with "..", and every
/// symbolic link on the way is resolved inside it (openat2(2), RESOLVE_IN_ROOT). The only way to touch image
/// content, container root file systems and volumes. Magic links (/proc/self/fd) are never followed.
class RootedDir {
  public:
    explicit RootedDir(Fd root) : root_(std::move(root)) {}
    /// @throws SysError
    static RootedDir open(const std::string& path);

    int fd() const noexcept { return root_.get(); }

    /// openat2(2) with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS and O_CLOEXEC. @throws SysError "open 'path'"
    Fd open(const std::string& path, int flags, mode_t mode = 0) const;
    /// Nothing where it does not exist, or a component is not a directory or loops (ENOENT, ENOTDIR, ELOOP).
    std::optional<Fd> find(const std::string& path, int flags) const;
    /// The directory `path`, made with its missing parents (each `mode`, owned by us); symbolic links on the
    /// way lead to places inside the root. @throws SysError, also where a component is not a directory
    Fd make_dirs(const std::string& path, mode_t mode = 0755) const;
    /// The content of a regular file of at most max_bytes; nothing where there is none, or it is something
    /// else (a fifo is not waited for). @throws SysError; Error where it is larger
    std::optional<std::string> read_file(const std::string& path, size_t max_bytes) const;

  private:
    Fd root_;
};

}  // namespace rpod::sys
