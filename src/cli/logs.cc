// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/logs.hh"

#include <CLI/CLI.hpp>
#include <array>
#include <memory>
#include <optional>
#include <ostream>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/filter_values.hh"
#include "cli/pod_member.hh"
#include "cli/stores.hh"
#include "container/log_file.hh"
#include "container/snapshot.hh"
#include "sys/file.hh"
#include "sys/watch.hh"

namespace rpod::cli {
namespace {

struct LogsOptions {
    bool color = false, details = false, follow = false, latest = false, names = false, timestamps = false;
    int64_t tail = -1;
    std::string since, until, member;
};

/// podman's form: nine digits, and the zone of UTC as "Z".
std::string stamp(const Timestamp& time) {
    auto text = format_rfc3339({.seconds = time.seconds});
    text.pop_back();
    return fmt::format("{}.{:09}Z ", text, time.nanoseconds);
}

/// One container's log on its way to the terminal.
class Source {
  public:
    Source(const container::Snapshot& s, std::filesystem::path file, container::LogFormat format,
           std::string prefix)
        : directory_(s.directory), log_(std::move(file), format), prefix_(std::move(prefix)) {}

    const std::filesystem::path& directory() const { return directory_; }
    void skip_to_tail(uint64_t lines) { log_.skip_to_tail(lines); }
    bool finished() const { return finished_; }

    /// @param follow  the log goes on while the container's monitor lives
    void show(Context& ctx, const LogsOptions& o, const std::optional<Timestamp>& since,
              const std::optional<Timestamp>& until, bool follow) {
        // First: what the container wrote before it ended is there when it has.
        const bool alive = follow && container::is_alive(directory_) && !container::read_exit(directory_);
        const bool wants_more = log_.read_available([&](const container::LogRecord& record) {
            if (until && record.time > *until) return false;
            if (!since || record.time >= *since) print(ctx, o, record);
            return static_cast<bool>(ctx.out);
        });
        finished_ = !alive || !wants_more || (until && now() > *until);
    }

  private:
    void print(Context& ctx, const LogsOptions& o, const container::LogRecord& record) {
        auto& out = record.is_stderr ? ctx.err : ctx.out;
        auto& in_line = in_line_[record.is_stderr ? 1 : 0];
        if (!in_line) {
            out << prefix_;
            if (o.timestamps) out << stamp(record.time);
        }
        out << record.text;
        if (record.ends_line) out << '\n';
        in_line = !record.ends_line;
    }

    std::filesystem::path directory_;
    container::LogFile log_;
    std::string prefix_;
    std::array<bool, 2> in_line_{};
    bool finished_ = false;
};

/// A colour of its own for each container, as podman has them.
std::string colored(const std::string& text, size_t index) {
    constexpr std::array kColors{37, 31, 32, 33, 34, 35, 36};
    return fmt::format("\033[{}m{}\033[0m", kColors.at(index % kColors.size()), text);
}

std::string prefix_of(const container::Snapshot& s, const LogsOptions& o, bool several, size_t index) {
    if (!several) return {};
    const auto name = o.names ? s.config.name : s.id.substr(0, 12);
    return (o.color ? colored(name, index) : name) + " ";
}

Source open_source(const container::Snapshot& s, const LogsOptions& o, bool several, size_t index) {
    const auto& log = s.config.log;
    container::LogFormat format{};
    if (log.driver == "k8s-file") {
        format = container::LogFormat::k8s_file;
    } else if (log.driver == "json-file") {
        format = container::LogFormat::json_file;
    } else if (log.driver == "none" || log.driver == "passthrough") {
        throw Error(
            "this container is using the '{}' log driver, cannot read logs: this container is not logging "
            "output",
            log.driver);
    } else {
        throw Error("container {}: logs of the driver '{}' cannot be read", s.config.name, log.driver);
    }
    const auto path = log.options.find("path");
    const auto file =
        path == log.options.end() ? s.directory / "ctr.log" : std::filesystem::path(path->second);
    return {s, file, format, prefix_of(s, o, several, index)};
}

bool all_finished(const std::vector<Source>& sources) {
    for (const auto& source : sources) {
        if (!source.finished()) return false;
    }
    return true;
}

/// Which containers a name means.
using Find = std::vector<std::string> (*)(const store::Paths& paths, const std::string& name,
                                          const std::string& member);

int run_logs(Context& ctx, const LogsOptions& o, const Args& args, Find find) {
    if (o.latest && !args.empty()) throw Error("--latest and containers cannot be used together");
    if (!o.latest && args.empty()) throw Error("specify at least one container name or ID to log");
    std::optional<Timestamp> since, until;
    if (!o.since.empty()) since = parse_moment(o.since);
    if (!o.until.empty()) until = parse_moment(o.until);
    const auto paths = open_store(ctx);
    Args ids;
    if (o.latest) ids.push_back(container::latest_container(paths));
    for (const auto& name : args) {
        const auto found = find(paths, name, o.member);
        ids.insert(ids.end(), found.begin(), found.end());
    }
    std::vector<Source> sources;
    sys::DirectoryWatch watch;
    for (const auto& id : ids) {
        const auto s = container::take_snapshot(paths, id);
        sources.push_back(open_source(s, o, ids.size() > 1, sources.size()));
        if (o.tail >= 0) sources.back().skip_to_tail(static_cast<uint64_t>(o.tail));
        if (o.follow) watch.add(s.directory);
    }
    for (;;) {
        for (auto& source : sources) {
            if (!source.finished()) source.show(ctx, o, since, until, o.follow);
        }
        ctx.out.flush();
        ctx.err.flush();
        if (!ctx.out || all_finished(sources)) return 0;
        // A monitor that is killed leaves no event: look at its lock now and then.
        watch.wait(500);
    }
}

Action define(CLI::App& flags, Context& ctx, Find find) {
    auto o = std::make_shared<LogsOptions>();
    flags.add_option("-c,--container", o->member, "Of this container of the pod only")
        ->type_name("CONTAINER");
    flags.add_flag("--color", o->color, "Give each container's prefix a colour of its own");
    flags.add_flag("--details", o->details, "Show extra attributes of the log (there are none)")->group("");
    flags.add_flag("-f,--follow", o->follow, "Go on until the container has ended");
    flags.add_flag("-l,--latest", o->latest, "Of the container that was made last");
    flags.add_flag("-n,--names", o->names, "With several containers: show names, not IDs");
    flags.add_option("--since", o->since, "Only what was written since then: a time, or 10m ago")
        ->type_name("TIME");
    flags.add_option("--tail", o->tail, "Only so many lines from the end (default -1: all)")->type_name("N");
    flags.add_flag("-t,--timestamps", o->timestamps, "Show when each line was written");
    flags.add_option("--until", o->until, "Only what was written until then")->type_name("TIME");
    return [o, find, &ctx](const Args& args) { return run_logs(ctx, *o, args, find); };
}

Action define_logs(CLI::App& flags, Context& ctx) { return define(flags, ctx, find_all_of); }
Action define_pod_logs(CLI::App& flags, Context& ctx) { return define(flags, ctx, find_members); }

}  // namespace

std::vector<Command> logs_commands() {
    const Command logs{.name = "logs",
                       .arguments = "[options] CONTAINER|POD [CONTAINER|POD...]",
                       .summary = "Show the output of containers",
                       .define = define_logs};
    return {logs,
            in_group("container logs", logs),
            {.name = "pod logs",
             .arguments = "[options] POD",
             .summary = "Show the output of a pod's containers",
             .arity = {.min = 0, .max = 1},
             .define = define_pod_logs}};
}

}  // namespace rpod::cli
