// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "store/event.hh"
#include "store/paths.hh"
#include "sys/fd.hh"

namespace rpod::store {

/// Reads the log of events (store/event_log.hh) from its beginning, and on as it grows and is rotated.
class EventReader {
  public:
    /// Makes the log's directory, so that it can be watched.
    explicit EventReader(Paths paths);

    /// Leaves out all that is there now.
    void skip_to_end();
    /// Hands over what came since the last call, in the order in which it was written. Once `take` says no,
    /// the rest is passed over. While nobody reads, two rotations lose what lies between them.
    void read_available(const std::function<bool(const Event&)>& take);

  private:
    /// A file of the log; open, so that no other file can get its inode number.
    struct Source {
        sys::Fd fd;
        dev_t device = 0;
        ino_t inode = 0;
        off_t offset = 0;
        std::string begun{};  ///< the front of a line whose end is not there yet
    };
    using Take = std::function<bool(const Event&)>;

    static Source open_source(const std::filesystem::path& file);
    static bool read_source(Source& source, const Take& take);
    /// The files that have the two names now, older first.
    std::vector<Source> open_sources() const;
    /// Finds new files; what has lost its name was read before.
    void look();

    Paths paths_;
    std::vector<Source> sources_;
};

}  // namespace rpod::store
