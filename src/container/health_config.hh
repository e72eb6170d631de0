// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rpod::container {

/// What is done with a container whose health check says "unhealthy".
enum class HealthAction { none, kill, restart, stop };

/// One kind of health check, as asked for: what is not there is the image's, or the default.
struct HealthCheckConfig {
    /// {"CMD", WORD…}, {"CMD-SHELL", TEXT} or {"NONE"}, as images have it.
    std::vector<std::string> test;
    std::optional<int64_t> interval_ns;  ///< from the end of one to the next; 0: none by itself
    std::optional<int64_t> timeout_ns;
    std::optional<int64_t> start_period_ns;  ///< failures do not count before it is over
    std::optional<uint32_t> retries;         ///< failures in a row
    bool operator==(const HealthCheckConfig&) const = default;
};

struct HealthConfig {
    HealthCheckConfig regular;
    HealthAction on_failure = HealthAction::none;
    /// Comes first, until it has succeeded; `retries` failures of it start the container again, 0: none do.
    HealthCheckConfig startup;
    uint32_t startup_successes = 0;  ///< how many it takes; 0 is 1
    bool operator==(const HealthConfig&) const = default;
};

}  // namespace rpod::container
