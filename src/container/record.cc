// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/record.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <thread>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/enum_names.hh"
#include "store/names.hh"
#include "store/record.hh"
#include "sys/boot.hh"
#include "sys/file.hh"
#include "sys/namespace.hh"

namespace rpod::container {
namespace {

constexpr store::RecordKind kState{.file = "state.json", .version = 1};
constexpr store::RecordKind kExit{.file = "exit.json", .version = 1};

/// How often to look whether a lock is free that nobody but its holder may take.
constexpr auto kLockPoll = std::chrono::milliseconds(2);

sys::Fd open_directory(const std::filesystem::path& directory) {
    return sys::open_file(directory, O_PATH | O_DIRECTORY);
}

constexpr EnumNames<Status, 5> kStatuses{{{Status::created, "created"},
                                          {Status::running, "running"},
                                          {Status::paused, "paused"},
                                          {Status::stopping, "stopping"},
                                          {Status::restarting, "restarting"}}};

constexpr EnumNames<Life, 7> kLives{{{Life::created, "created"},
                                     {Life::initialized, "initialized"},
                                     {Life::running, "running"},
                                     {Life::paused, "paused"},
                                     {Life::stopping, "stopping"},
                                     {Life::restarting, "restarting"},
                                     {Life::exited, "exited"}}};

}  // namespace

void write_state(const std::filesystem::path& directory, const State& state) {
    auto record = store::make_record(kState);
    record.set("status", name_of(kStatuses, state.status)).set("pid", state.pid).set("boot", sys::boot_id());
    if (state.started) record.set("started", format_time(*state.started));
    record.set("conmon_pid", state.monitor_pid).set("conmon_start", state.monitor_start);
    record.set("restarts", state.restarts);
    if (!state.pod.empty()) record.set("pod", state.pod);
    store::replace_record(open_directory(directory).get(), kState, record);
}

void name_monitor(State& state) {
    state.monitor_pid = sys::pid_in_proc(sys::open_pidfd(::getpid()).get());
    state.monitor_start = sys::process_start(state.monitor_pid);
}

std::optional<State> read_state(const std::filesystem::path& directory) {
    return read_state(open_directory(directory).get(), directory.filename());
}

std::optional<State> read_state(int directory, const std::string& id) {
    const auto record = store::find_record(directory, kState, "container " + id);
    if (!record) return std::nullopt;
    State state{.status = enum_or(*record, "status", kStatuses, Status::created),
                .pid = static_cast<pid_t>(record->at("pid").as_int(0, INT32_MAX)),
                .started = {}};
    if (const auto started = record->find("started")) state.started = parse_time(started->as_string());
    if (const auto pid = record->find("conmon_pid"); pid && record->string_or("boot") == sys::boot_id())
        state.monitor_pid = static_cast<pid_t>(pid->as_int(0, INT32_MAX));
    if (const auto start = record->find("conmon_start")) state.monitor_start = start->as_uint();
    if (const auto restarts = record->find("restarts"))
        state.restarts = static_cast<uint32_t>(restarts->as_uint(UINT32_MAX));
    state.pod = record->string_or("pod");
    return state;
}

void write_exit(const std::filesystem::path& directory, const Exit& exit) {
    auto record = store::make_record(kExit);
    record.set("code", exit.status.code)
        .set("signal", exit.status.signal)
        .set("finished", format_time(exit.finished));
    store::replace_record(open_directory(directory).get(), kExit, record, sys::Sync::no);
}

std::optional<Exit> read_exit(const std::filesystem::path& directory) {
    return read_exit(open_directory(directory).get(), directory.filename());
}

std::optional<Exit> read_exit(int directory, const std::string& id) {
    const auto record = store::find_record(directory, kExit, "container " + id);
    if (!record) return std::nullopt;
    return Exit{.status = {.code = static_cast<int>(record->at("code").as_int(0, 255)),
                           .signal = static_cast<int>(record->at("signal").as_int(0, 64))},
                .finished = parse_time(record->at("finished").as_string())};
}

void clear_exit(const std::filesystem::path& directory) {
    const auto path = directory / kExit.file;
    if (::unlink(path.c_str()) < 0 && errno != ENOENT) throw SysError(errno, "remove '{}'", path.native());
}

bool is_alive(const std::filesystem::path& directory) {
    const auto file = sys::find_at(AT_FDCWD, directory / "alive", O_RDONLY);
    return file && sys::lock_holder(file->get()).has_value();
}

Life life_of(const std::filesystem::path& directory) {
    const bool alive = is_alive(directory);
    const auto dir = open_directory(directory);
    const auto state = read_state(dir.get(), directory.filename());
    return life_of(alive, state, read_exit(dir.get(), directory.filename()));
}

Life life_of(bool alive, const std::optional<State>& state, const std::optional<Exit>& exit) {
    if (alive && state && state->status == Status::restarting) return Life::restarting;
    if (exit) return Life::exited;
    if (!state) return Life::created;
    if (!alive) return state->started ? Life::exited : Life::created;
    switch (state->status) {
        case Status::created:
            return Life::initialized;
        case Status::paused:
            return Life::paused;
        case Status::stopping:
            return Life::stopping;
        default:
            return Life::running;
    }
}

std::string_view life_name(Life life) { return name_of(kLives, life); }

void wait_for_monitor(const std::filesystem::path& directory) {
    const auto state = read_state(directory);
    if (!state || state->monitor_pid == 0) return;
    sys::Fd pidfd;
    try {
        pidfd = sys::open_pidfd(state->monitor_pid);
    } catch (const SysError& e) {
        if (e.is(ESRCH)) return;
        throw;
    }
    if (sys::process_start(state->monitor_pid) != state->monitor_start) return;
    if (!state->pod.empty()) {
        while (is_alive(directory)) std::this_thread::sleep_for(kLockPoll);
        // A dying monitor drops all of its locks, in any order, before the kernel has ended what lives below
        // it.
        std::this_thread::sleep_for(kLockPoll);
        if (is_alive(directory.parent_path().parent_path() / "pods" / state->pod)) return;
    }
    sys::wait_for_end(pidfd.get());
}

Time creation_time(const std::filesystem::path& directory) {
    // Made with the container, locked at times, never written to.
    const auto path = directory / "making";
    struct stat st {};
    check(::stat(path.c_str(), &st), "look at '{}'", path.native());
    return Time(std::chrono::duration_cast<Time::duration>(std::chrono::seconds(st.st_mtim.tv_sec) +
                                                           std::chrono::nanoseconds(st.st_mtim.tv_nsec)));
}

std::optional<std::string> newest_record(const std::filesystem::path& records) {
    std::optional<std::string> newest;
    Time time;
    for (auto& id : store::record_ids(records)) {
        try {
            const auto created = creation_time(records / id);
            if (newest && created <= time) continue;
            newest = std::move(id);
            time = created;
        } catch (const SysError&) {
            continue;  // removed meanwhile
        }
    }
    return newest;
}

std::string format_time(Time time) {
    const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
    const time_t seconds = since / 1000000000;
    tm parts{};
    ::gmtime_r(&seconds, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                       parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, since % 1000000000);
}

Time parse_time(const std::string& text) {
    tm parts{};
    const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (!rest) throw Error("'{}' is not a time (RFC 3339)", printable(text));
    int64_t ns = 0;
    if (*rest == '.') {
        int64_t unit = 100000000;
        for (++rest; *rest >= '0' && *rest <= '9'; ++rest, unit /= 10) ns += (*rest - '0') * unit;
    }
    if (std::string_view(rest) != "Z") throw Error("'{}' is not a time in UTC", printable(text));
    return Time(std::chrono::duration_cast<Time::duration>(std::chrono::seconds(::timegm(&parts)) +
                                                           std::chrono::nanoseconds(ns)));
}

}  // namespace rpod::container
