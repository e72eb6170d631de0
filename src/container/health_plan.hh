// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "container/health_config.hh"
#include "oci/image_config.hh"

/// From what the user and the image say of health checks to what the monitor does.
namespace rpod::container {

constexpr uint32_t kHealthRetries = 3;
constexpr std::chrono::seconds kHealthInterval{30};
constexpr std::chrono::seconds kHealthTimeout{30};
/// The shortest pause between two checks, whatever an image wants: each is a new process.
constexpr std::chrono::milliseconds kHealthPause{100};

struct CheckPlan {
    std::vector<std::string> test;     ///< as images have it
    std::vector<std::string> command;  ///< what is executed; never empty
    std::chrono::nanoseconds interval{kHealthInterval};
    std::chrono::nanoseconds timeout{kHealthTimeout};
    uint32_t retries = kHealthRetries;

    /// From the end of a check to the next one; nothing: none comes by itself.
    std::optional<std::chrono::milliseconds> pause() const;
};

struct HealthPlan {
    CheckPlan regular;
    std::chrono::nanoseconds start_period{0};
    HealthAction on_failure = HealthAction::none;
    std::optional<CheckPlan> startup;
    uint32_t startup_successes = 1;
};

/// Nothing where there is nothing to be checked. @param image  null: it has no check, or there is no image
/// @throws Error where an action or a startup check was asked for and there is no check
std::optional<HealthPlan> plan_health(const HealthConfig& config, const oci::Healthcheck* image);
/// The same with what an image says of all. @param image  null: there is none
inline std::optional<HealthPlan> plan_health(const HealthConfig& config, const oci::RunConfig* image) {
    return plan_health(config, image && image->healthcheck ? &*image->healthcheck : nullptr);
}

/// --health-cmd, as podman reads it: a JSON array of words; "CMD WORD…", "CMD-SHELL TEXT" and "NONE" as in a
/// Containerfile; anything else is a text for the shell.
/// @throws Error where nothing is left
std::vector<std::string> parse_health_command(std::string_view text);

/// none, kill, restart, stop. @throws Error
HealthAction parse_health_action(std::string_view text);
std::string_view action_name(HealthAction action);

}  // namespace rpod::container
