// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "sys/process.hh"

namespace rpod::container {

/// When a container that ended is started again (`--restart`). Stopping it by hand ends that.
struct RestartPolicy {
    enum class When { never, on_failure, always, unless_stopped };
    When when = When::never;
    uint32_t max_retries = 0;  ///< on_failure; 0: no limit

    /// @param restarts  how often it was started again already
    bool wants_restart(sys::ExitStatus status, uint32_t restarts) const;
};

/// Of --restart as typed: its name, without a count; "no" for "".
std::string_view policy_name(std::string_view restart);

/// "", "no", "on-failure[:N]", "always", "unless-stopped". @throws Error
RestartPolicy parse_restart_policy(std::string_view text);

/// How long to wait before the next start: from 100 ms on twice as long each time, up to a minute; from the
/// beginning again after a run of ten seconds.
class RestartDelay {
  public:
    std::chrono::milliseconds next(std::chrono::milliseconds ran);

  private:
    std::chrono::milliseconds delay_{0};
};

}  // namespace rpod::container
