// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/health_state.hh"

#include <fcntl.h>

#include "base/strings.hh"
#include "container/enum_names.hh"
#include "store/record.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

constexpr store::RecordKind kHealth{.file = "health.json", .version = 1};

constexpr EnumNames<Health, 3> kNames{
    {{Health::starting, "starting"}, {Health::healthy, "healthy"}, {Health::unhealthy, "unhealthy"}}};

HealthResult result_from(const json::Value& v) {
    return {.start = parse_time(v.at("start").as_string()),
            .end = parse_time(v.at("end").as_string()),
            .code = static_cast<int>(v.at("code").as_int(-1, 255)),
            .output = v.string_or("output")};
}

/// Not in the middle of a character.
std::string_view front_of(std::string_view text) {
    if (text.size() <= kHealthOutput) return text;
    size_t end = kHealthOutput;
    while (end > kHealthOutput - 4 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end);
}

}  // namespace

std::string_view health_name(Health health) { return name_of(kNames, health); }

void HealthState::add(HealthResult result, bool counts, uint32_t retries) {
    if (result.code == 0) {
        status = Health::healthy;
        failing_streak = 0;
    } else if (counts) {
        ++failing_streak;
        if (failing_streak >= retries) status = Health::unhealthy;
    }
    log.push_back(std::move(result));
    if (log.size() > kHealthResults) log.erase(log.begin());
}

void write_health(const std::filesystem::path& directory, const HealthState& state) {
    auto record = store::make_record(kHealth);
    record.set("status", health_name(state.status)).set("failing_streak", state.failing_streak);
    auto log = json::Builder::array();
    for (const auto& result : state.log) {
        auto line = json::Builder::object();
        line.set("start", format_time(result.start)).set("end", format_time(result.end));
        line.set("code", result.code).set("output", result.output);
        log.push(std::move(line));
    }
    record.set("log", std::move(log));
    store::replace_record(sys::open_file(directory, O_PATH | O_DIRECTORY).get(), kHealth, record);
}

std::optional<HealthState> read_health(const std::filesystem::path& directory) {
    return read_health(sys::open_file(directory, O_PATH | O_DIRECTORY).get(), directory.filename());
}

std::optional<HealthState> read_health(int directory, const std::string& id) {
    const auto record = store::find_record(directory, kHealth, "container " + id);
    if (!record) return std::nullopt;
    HealthState state;
    state.status = enum_or(*record, "status", kNames, Health::starting);
    state.failing_streak = static_cast<uint32_t>(record->at("failing_streak").as_uint(UINT32_MAX));
    if (const auto log = record->find("log")) {
        for (const auto& line : log->elements()) state.log.push_back(result_from(line));
    }
    return state;
}

std::string health_output(std::string_view raw) {
    raw = front_of(raw);
    while (raw.ends_with('\n') || raw.ends_with('\r')) raw.remove_suffix(1);
    std::string out;
    for (size_t begin = 0; begin <= raw.size();) {
        const size_t end = std::min(raw.find_first_of("\n\t", begin), raw.size());
        out += printable(raw.substr(begin, end - begin));
        if (end < raw.size()) out += raw[end];
        begin = end + 1;
    }
    return out;
}

}  // namespace rpod::container
