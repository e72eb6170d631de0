// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "sys/process.hh"

/// The records of a container that change: state.json and exit.json in containers/ID, written by its monitor
/// alone. Neither says whether it runs; only the lock on `alive` does.
namespace rpod::container {

using Time = std::chrono::system_clock::time_point;

enum class Status { created, running };

/// state.json:
/// {"version":1,"status":"running","pid":1234,"started":"2026-01-02T03:04:05.678901234Z","boot":"…"}
struct State {
    Status status = Status::created;
    pid_t pid = 0;  ///< of the container's first process, in the PID namespace of the host's /proc
    std::optional<Time> started;
};
void write_state(const std::filesystem::path& directory, const State& state);
/// Nothing where it never ran.
std::optional<State> read_state(const std::filesystem::path& directory);

/// exit.json: {"version":1,"code":0,"signal":0,"finished":"…"}
struct Exit {
    sys::ExitStatus status;
    Time finished;
};
void write_exit(const std::filesystem::path& directory, const Exit& exit);
std::optional<Exit> read_exit(const std::filesystem::path& directory);

/// Whether the container's monitor lives. Never waits.
bool is_alive(const std::filesystem::path& directory);

/// RFC 3339 with nanoseconds, UTC.
std::string format_time(Time time);
/// @throws Error
Time parse_time(const std::string& text);

}  // namespace rpod::container
