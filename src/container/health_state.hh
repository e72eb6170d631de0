// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "container/record.hh"

/// What the health checks of a container have said since it was started: the record health.json in
/// containers/ID, written by its monitor alone. A container without checks has none.
namespace rpod::container {

constexpr size_t kHealthResults = 5;   ///< so many are kept
constexpr size_t kHealthOutput = 500;  ///< so many bytes of the output of each

enum class Health { starting, healthy, unhealthy };
std::string_view health_name(Health health);

struct HealthResult {
    Time start, end;
    int code = 0;  ///< 0, 1; -1: it took too long
    std::string output;
};

/// health.json:
/// {"version":1,"status":"healthy","failing_streak":0,
///  "log":[{"start":"2026-01-02T03:04:05.678901234Z","end":"…","code":0,"output":"ok"}]}
struct HealthState {
    Health status = Health::starting;
    uint32_t failing_streak = 0;
    std::vector<HealthResult> log;  ///< the newest last

    /// @param counts  a failure is one: not before the end of the start period, nor of the startup check
    /// @param retries  failures in a row that make it unhealthy
    void add(HealthResult result, bool counts, uint32_t retries);
};

void write_health(const std::filesystem::path& directory, const HealthState& state);
std::optional<HealthState> read_health(const std::filesystem::path& directory);
/// The same in a directory that is open. @param id  for errors
std::optional<HealthState> read_health(int directory, const std::string& id);

/// The output of a check as it is kept and shown: the front of it, without the end of its last line, with
/// control characters as \xNN. Whoever shows it shows what a container wrote.
std::string health_output(std::string_view raw);

}  // namespace rpod::container
