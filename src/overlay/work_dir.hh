// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <string>

#include "sys/fd.hh"

namespace rpod::overlay {

/// The directory beside the upper one in which everything is prepared that then appears in the upper layer by
/// one rename(2). Owned by one mount at a time. Functions return 0 or an errno.
class WorkDir {
  public:
    /// @param workdir  what the user named; "work" in it is made, or emptied, as the kernel does
    /// @throws Error where another mount uses it, or where the last one was `volatile` and did not end well
    static WorkDir open(int workdir);

    int fd() const noexcept { return fd_.get(); }
    /// A name that nothing in here has.
    std::string new_name();
    /// Removes what is prepared or was taken away: a file, or a directory with nothing but files in it.
    int discard(const std::string& name) noexcept;

    /// Makes a name that does not exist in an upper directory a whiteout.
    int whiteout(int dir, const char* name);
    /// Puts a whiteout in the place of an upper file.
    int replace_file(int dir, const char* name);
    /// Puts a whiteout in the place of an upper directory that has nothing but whiteouts in it.
    int replace_dir(int dir, const char* name);
    /// Removes such a directory.
    int remove_dir(int dir, const char* name);

    /// Whiteouts are files with an attribute, where devices cannot be made (disk_format.hh).
    bool uses_xattrs() const noexcept { return uses_xattrs_; }

  private:
    explicit WorkDir(sys::Fd fd) : fd_(std::move(fd)) {}
    int make_whiteout(const std::string& name) noexcept;

    sys::Fd fd_;
    uint64_t counter_ = 0;
    std::string spare_;  ///< a whiteout to link: a link costs less than a new inode
    bool uses_xattrs_ = false;
};

}  // namespace rpod::overlay
