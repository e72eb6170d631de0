// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/events.hh"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/container_view.hh"
#include "cli/data.hh"
#include "cli/event_filter.hh"
#include "cli/filter_values.hh"
#include "cli/report.hh"
#include "cli/stores.hh"
#include "store/event_reader.hh"
#include "sys/watch.hh"

namespace rpod::cli {
namespace {

using store::Event;
using Show = DataObject::Show;

struct EventsOptions {
    std::vector<std::string> filters;
    std::string format, since, until;
    bool no_trunc = true, stream = true;
};

/// podman's line. Names and labels come from images, too.
std::string human_line(const Event& e, bool no_trunc) {
    auto line = fmt::format("{} {} {}", format_go_time(e.time), e.type, e.status);
    if (e.type == "container" || e.type == "pod") {
        line += fmt::format(" {} (image={}, name={}", shown_id(e.id, no_trunc), e.image, e.name);
        if (!e.pod.empty()) line += fmt::format(", pod_id={}", e.pod);
        if (!e.health.empty()) line += fmt::format(", health_status={}", e.health);
        for (const auto& [key, value] : e.attributes) line += fmt::format(", {}={}", key, value);
        line += ")";
    } else if (e.type == "image") {
        line += fmt::format(" {} {}", shown_id(e.id, no_trunc), e.name);
    } else if (!e.name.empty()) {
        line += " " + e.name;
    }
    return printable(line);
}

DataObject make_view(const Event& e, bool no_trunc) {
    DataObject o{.type = "*events.Event"};
    o.add("ContainerExitCode", int64_t{e.exit_code.value_or(0)}, {}, Show::unless_empty);
    o.add("ID", e.id, {}, Show::unless_empty).add("Image", e.image, {}, Show::unless_empty);
    o.add("Name", e.name, {}, Show::unless_empty).add("Network", "", {}, Show::unless_empty);
    o.add("Status", e.status).add("Time", e.time).add("Type", e.type);
    o.add("HealthStatus", e.health, {}, Show::unless_empty).add("PodID", e.pod, {}, Show::unless_empty);
    o.add("Attributes", e.type == "container" ? Data::string_map(e.attributes) : Data::nil_map());
    o.methods["ToHumanReadable"] = [e, no_trunc](const DataList& args) {
        const auto* truncate = args.size() == 1 ? args[0].boolean() : nullptr;
        return Data(human_line(e, truncate ? !*truncate : no_trunc));
    };
    return o;
}

std::string shown(const Event& e, const EventsOptions& o) {
    if (o.format.empty()) return human_line(e, o.no_trunc) + "\n";
    auto view = make_view(e, o.no_trunc);
    if (o.format == "json") return Data(std::move(view)).to_json().dump() + "\n";
    return render({.command = "events", .items = {std::move(view)}, .heading = false}, o.format);
}

/// How long to sleep: until there is something new, or the end of the time that was asked for. Where nothing
/// can be watched, a look once a second.
int patience(const std::optional<Timestamp>& until) {
    constexpr int64_t kSecond = 1000;
    if (!until) return kSecond;
    const auto present = now();
    const int64_t left = (until->seconds - present.seconds) * kSecond +
                         (int64_t{until->nanoseconds} - int64_t{present.nanoseconds}) / 1'000'000 + 1;
    return static_cast<int>(std::clamp<int64_t>(left, 1, kSecond));
}

int run_events(Context& ctx, const EventsOptions& o) {
    const EventFilter filter(o.filters);
    std::optional<Timestamp> since, until;
    if (!o.since.empty()) since = parse_moment(o.since);
    if (!o.until.empty()) until = parse_moment(o.until);
    // What is no template is told at once, not at the first event.
    if (!o.format.empty()) shown({.type = {}, .status = {}}, o);
    const auto paths = open_store(ctx);
    store::EventReader reader(paths);
    if (o.stream && !since && !until) reader.skip_to_end();
    sys::DirectoryWatch watch;
    watch.add(paths.events());
    for (;;) {
        reader.read_available([&](const Event& e) {
            const bool wanted = (!since || e.time >= *since) && (!until || e.time <= *until);
            if (wanted && filter.matches(e)) ctx.out << shown(e, o);
            return static_cast<bool>(ctx.out);
        });
        ctx.out.flush();
        if (!o.stream || !ctx.out || (until && now() > *until)) return 0;
        watch.wait(patience(until));
    }
}

Action define_events(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<EventsOptions>();
    flags.add_option("-f,--filter", o->filters, "Show only events for which it holds")
        ->type_name("KEY=VALUE");
    flags.add_option("--format", o->format, "\"json\", or a Go template for each")->type_name("TEMPLATE");
    flags.add_flag("--no-trunc", o->no_trunc, "Show whole IDs (default true)");
    flags.add_option("--since", o->since, "Begin with what happened then: a time, or 10m ago")
        ->type_name("TIME");
    flags.add_flag("--stream", o->stream, "Go on with what happens from now on (default true)");
    flags.add_option("--until", o->until, "End with what happened then")->type_name("TIME");
    return [o, &ctx](const Args&) { return run_events(ctx, *o); };
}

}  // namespace

std::vector<Command> event_commands() {
    const Command events{.name = "events",
                         .arguments = "[options]",
                         .summary = "Show what happens to containers, pods, images, volumes and secrets",
                         .arity = kNoArgs,
                         .define = define_events};
    return {events, in_group("system events", events)};
}

}  // namespace rpod::cli
