// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "container/poll_set.hh"
#include "container/record.hh"
#include "store/paths.hh"
#include "sys/channel.hh"
#include "sys/fd.hh"
#include "sys/timer.hh"

namespace rpod::container {

/// One run of a health check: a process in the container, as `exec` makes them. The monitor never waits for
/// it:
///
///     monitor                     rpod:health                        the check
///       fork ────────────────────▶ plans, opens the namespaces,
///       timer: the timeout         runtime/exec.hh ─────────────────▶ executed
///       ◀──── forked {pidfd} ────
///       ◀──── ended, failed ────── reads its output, keeps the front of it; waits for it
///
///   One that was killed by somebody else is told of a moment later: where the container ends, its processes
///   end before the monitor hears of it, and that is no failure of theirs.
///
///   When the time is over the monitor kills the check, with its process group, by its pidfd; rpod:health
///   then sees it end. Where that does not come about within a second, either, rpod:health is let go of. What
///   the check left in the background is the container's; its output goes nowhere.
class HealthProbe {
  public:
    struct Result {
        Time start, end;
        bool ok = false;
        bool timed_out = false;
        std::string output;  ///< as it came, at most the front that is kept; or why nothing could be executed
    };

    /// Starts it. @param id  a container that this process is the monitor of
    HealthProbe(const store::Paths& paths, const std::string& id, const std::vector<std::string>& command,
                std::chrono::milliseconds timeout);
    /// Kills it where it has not ended.
    ~HealthProbe();
    HealthProbe(const HealthProbe&) = delete;
    HealthProbe& operator=(const HealthProbe&) = delete;

    void add_to(PollSet& set);
    /// After the poll. @return its result, once: it has ended then
    std::optional<Result> serve(const PollSet& set);

  private:
    void take_message();
    void take_status(std::string_view text);
    void hold(std::string output);
    void end(bool ok, std::string output);
    void kill_late();

    sys::Channel helper_;
    sys::Fd helper_pidfd_;
    sys::Fd check_pidfd_;  ///< none before it is known
    sys::Timer timer_;
    size_t polled_ = 0;  ///< in the poll set: the helper's channel, the timer
    Result result_;
    bool held_ = false;  ///< it has ended, and not by itself
    bool ended_ = false;
};

}  // namespace rpod::container
