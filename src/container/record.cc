// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/record.hh"

#include <ctime>

#include "base/error.hh"
#include "base/strings.hh"
#include "store/record.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

constexpr store::RecordKind kState{.file = "state.json", .version = 1};
constexpr store::RecordKind kExit{.file = "exit.json", .version = 1};

sys::Fd open_directory(const std::filesystem::path& directory) {
    return sys::open_file(directory, O_PATH | O_DIRECTORY);
}

std::string owner(const std::filesystem::path& directory) {
    return fmt::format("container {}", directory.filename().native());
}

std::string boot_id() { return std::string(trim(sys::read_file("/proc/sys/kernel/random/boot_id"))); }

}  // namespace

void write_state(const std::filesystem::path& directory, const State& state) {
    auto record = store::make_record(kState);
    record.set("status", state.status == Status::running ? "running" : "created")
        .set("pid", state.pid)
        .set("boot", boot_id());
    if (state.started) record.set("started", format_time(*state.started));
    store::replace_record(open_directory(directory).get(), kState, record);
}

std::optional<State> read_state(const std::filesystem::path& directory) {
    const auto record = store::find_record(open_directory(directory).get(), kState, owner(directory));
    if (!record) return std::nullopt;
    State state{.status = record->at("status").as_string() == "running" ? Status::running : Status::created,
                .pid = static_cast<pid_t>(record->at("pid").as_int(0, INT32_MAX)),
                .started = {}};
    if (const auto started = record->find("started")) state.started = parse_time(started->as_string());
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
    const auto record = store::find_record(open_directory(directory).get(), kExit, owner(directory));
    if (!record) return std::nullopt;
    return Exit{.status = {.code = static_cast<int>(record->at("code").as_int(0, 255)),
                           .signal = static_cast<int>(record->at("signal").as_int(0, 64))},
                .finished = parse_time(record->at("finished").as_string())};
}

bool is_alive(const std::filesystem::path& directory) {
    const auto file = sys::find_at(AT_FDCWD, directory / "alive", O_RDONLY);
    return file && sys::lock_holder(file->get()).has_value();
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
