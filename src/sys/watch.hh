// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>

#include "sys/fd.hh"

namespace rpod::sys {

/// Tells when something happens in directories (inotify(7)): files change, come, go. Best effort: where the
/// kernel has no watch left, or the file system is another machine's, wait() only lets time pass.
class DirectoryWatch {
  public:
    DirectoryWatch();
    void add(const std::filesystem::path& directory);
    /// Returns at the first event since the last call, or when the time is over; all events are taken then.
    void wait(int milliseconds) const;

  private:
    Fd fd_;
};

}  // namespace rpod::sys
