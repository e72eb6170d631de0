// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "store/event.hh"

#include "base/error.hh"
#include "base/json.hh"

namespace rpod::store {
namespace {

/// Labels that would make a longer line are left out: the log is bounded, and nobody filters by a novel.
constexpr size_t kMaxLine = 64 << 10;

std::string dump(const Event& e, bool with_attributes) {
    auto out = json::Builder::object();
    out.set("time", format_rfc3339(e.time)).set("type", e.type).set("status", e.status);
    const auto set = [&](const char* key, const std::string& value) {
        if (!value.empty()) out.set(key, value);
    };
    set("id", e.id);
    set("name", e.name);
    set("image", e.image);
    set("pod", e.pod);
    set("health", e.health);
    if (with_attributes && !e.attributes.empty()) out.set("attributes", json::Builder::of(e.attributes));
    if (e.exit_code) out.set("exit_code", *e.exit_code);
    return out.dump() + "\n";
}

}  // namespace

std::string to_line(const Event& event) {
    auto line = dump(event, true);
    return line.size() <= kMaxLine ? line : dump(event, false);
}

std::optional<Event> parse_event(std::string_view line) {
    try {
        const auto v = json::Value::parse(line, "event");
        const auto time = parse_rfc3339(v.at("time").as_string());
        if (!time) return std::nullopt;
        Event e{.type = v.at("type").as_string(), .status = v.at("status").as_string()};
        e.id = v.string_or("id");
        e.name = v.string_or("name");
        e.image = v.string_or("image");
        e.pod = v.string_or("pod");
        e.health = v.string_or("health");
        e.attributes = v.string_map_or_empty("attributes");
        if (const auto code = v.find("exit_code")) e.exit_code = static_cast<int>(code->as_int(0, 255));
        e.time = *time;
        return e;
    } catch (const Error&) {
        return std::nullopt;
    }
}

}  // namespace rpod::store
