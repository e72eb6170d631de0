// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/stat.h>

#include <cerrno>
#include <functional>
#include <string>

#include "base/result.hh"
#include "sys/fd.hh"

/// System calls on a descriptor of a directory and one name, or on a descriptor alone. Names are single
/// components and no link is ever followed, so nothing here can leave the layer that a descriptor belongs to.
namespace rpod::overlay {

/// 0 for a call that succeeded, else its errno.
inline int error_of(long rc) noexcept { return rc < 0 ? errno : 0; }

/// The path of a descriptor, O_PATH ones too, for the calls that take no descriptor: leads to that very
/// inode.
class FdPath {
  public:
    explicit FdPath(int fd) noexcept;
    operator const char*() const noexcept { return text_; }  // NOLINT(google-explicit-constructor)

  private:
    char text_[32];
};

/// openat(2) with O_CLOEXEC and O_NOFOLLOW.
Result<sys::Fd> open_at(int dir, const char* name, int flags, mode_t mode = 0) noexcept;
/// Opens again what a descriptor refers to, with other flags.
Result<sys::Fd> reopen(int fd, int flags) noexcept;
/// An empty name is the descriptor's own file.
Result<struct stat> stat_at(int dir, const char* name) noexcept;

/// As a write(2) without CAP_FSETID does: takes set-user-ID, and set-group-ID from what the group may
/// execute, away.
int drop_set_ids(int fd) noexcept;

Result<std::string> get_xattr(int fd, const char* name);
/// Names, each with a NUL, as the file system gives them.
Result<std::string> list_xattr(int fd);
/// Calls fn for each name of listxattr(2)'s form until it returns other than 0; the result is that.
int for_each_name(const std::string& names, const std::function<int(const char*)>& fn);

struct DirRecord {
    const char* name;
    ino_t ino;
    unsigned char type;  ///< DT_*; DT_UNKNOWN where the file system does not tell
};
/// Calls fn for all that is in a directory but "." and "..", until it returns false. @return 0 or an errno
int read_dir(int dir, const std::function<bool(const DirRecord&)>& fn);

}  // namespace rpod::overlay
