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

enum class Status { created, running, paused, stopping, restarting };

/// state.json:
/// {"version":1,"status":"running","pid":1234,"started":"2026-01-02T03:04:05.678901234Z","boot":"…",
///  "conmon_pid":1230,"conmon_start":5678,"restarts":0,"pod":"…"}
struct State {
    Status status = Status::created;
    pid_t pid = 0;  ///< of the container's first process, in the PID namespace of the host's /proc; 0: none
    std::optional<Time> started;
    pid_t monitor_pid = 0;       ///< of the monitor, counted in the same way; 0 after a reboot
    uint64_t monitor_start = 0;  ///< its start, as /proc counts it: tells it from another with the same pid
    uint32_t restarts = 0;       ///< by the restart policy, since it was started by hand
    std::string pod;  ///< the pod whose monitor it is, which lives on when this container has ended
};
void write_state(const std::filesystem::path& directory, const State& state);
/// That of this process, as a monitor: `conmon_pid` and `conmon_start`.
void name_monitor(State& state);
/// Nothing where it never ran.
std::optional<State> read_state(const std::filesystem::path& directory);
/// The same in a directory that is open, for whoever reads several records. @param id  for errors
std::optional<State> read_state(int directory, const std::string& id);

/// exit.json: {"version":1,"code":0,"signal":0,"finished":"…"}
struct Exit {
    sys::ExitStatus status;
    Time finished;
};
void write_exit(const std::filesystem::path& directory, const Exit& exit);
std::optional<Exit> read_exit(const std::filesystem::path& directory);
std::optional<Exit> read_exit(int directory, const std::string& id);
/// Before it runs again.
void clear_exit(const std::filesystem::path& directory);

/// Whether the container's monitor lives. Never waits.
bool is_alive(const std::filesystem::path& directory);

/// What a container does, told by the lock and the records. Never waits.
enum class Life { created, initialized, running, paused, stopping, restarting, exited };
Life life_of(const std::filesystem::path& directory);
/// From what was read in this order.
Life life_of(bool alive, const std::optional<State>& state, const std::optional<Exit>& exit);
/// It does not run; a monitor that has written the exit record is only cleaning up.
inline bool is_idle(Life life) { return life == Life::created || life == Life::exited; }
/// "created", "running": podman's words.
std::string_view life_name(Life life);

/// Waits until nothing of the container is left. That is when the monitor that the records name is gone: the
/// lock is dropped a moment before that, when mounts may still be there. In a pod whose monitor lives on the
/// lock is dropped last.
void wait_for_monitor(const std::filesystem::path& directory);

/// When the container was made.
Time creation_time(const std::filesystem::path& directory);

/// The record in a directory of containers or pods that was made last; nothing where there is none.
std::optional<std::string> newest_record(const std::filesystem::path& records);

/// RFC 3339 with nanoseconds, UTC.
std::string format_time(Time time);
/// @throws Error
Time parse_time(const std::string& text);

}  // namespace rpod::container
