// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <string>

#include "sys/fd.hh"

namespace rpod::container {

/// Bytes on their way from one descriptor to another, for a poll loop; at most one chunk is held. Neither end
/// is ever waited for: read only when poll(2) says so, and write no more than it vouches for.
class Conduit {
  public:
    /// Borrows both ends, which must outlive it.
    Conduit(int source, int sink);

    int source() const { return source_; }
    int sink() const { return sink_; }
    bool wants_input() const { return open_ && pending_.empty(); }
    bool wants_output() const { return !pending_.empty(); }
    /// The source has ended and all of it is written, or the sink takes no more.
    bool finished() const { return !open_ && pending_.empty(); }
    /// Nobody reads the sink any more.
    bool broken() const { return broken_; }

    /// Reads what is there. @param filter  changes what is passed on; may be empty
    void fill(const std::function<std::string(std::string)>& filter = {});
    void drain();
    /// No more is read; what is held is still written.
    void end_input() { open_ = false; }

  private:
    int source_;
    int sink_;
    bool sink_may_block_;
    bool open_ = true;
    bool broken_ = false;
    std::string pending_;
};

}  // namespace rpod::container
