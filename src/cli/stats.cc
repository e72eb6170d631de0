// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/stats.hh"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <ostream>
#include <set>

#include "base/error.hh"
#include "base/strings.hh"
#include "base/time.hh"
#include "cli/container_view.hh"
#include "cli/data.hh"
#include "cli/go_duration.hh"
#include "cli/report.hh"
#include "cli/stores.hh"
#include "container/find.hh"
#include "container/processes.hh"
#include "container/resource_usage.hh"
#include "container/snapshot.hh"
#include "pod/record.hh"

namespace rpod::cli {
namespace {

using container::ResourceUsage;
using container::Snapshot;
using Show = DataObject::Show;

struct StatsOptions {
    bool pods = false;  ///< `pod stats`: names are those of pods
    bool all = false, latest = false, no_reset = false, no_stream = false, no_trunc = false;
    unsigned interval = 5;
    std::string format;
};

constexpr const char* kTable =
    "table "
    "{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDS}}\t{{"
    ".UpTime}}\t{{.AVGCPU}}";

constexpr const char* kPodTable =
    "table "
    "{{.Pod}}\t{{.CID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{"
    ".PIDS}}";

/// The last look at a container, for the share of the CPU since then.
struct Sample {
    uint64_t cpu_ns = 0;
    uint64_t at_ns = 0;
};

double percent(uint64_t part, uint64_t whole) {
    return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string percent_text(double value) { return fmt::format("{:.2f}%", value); }

std::string pair_text(uint64_t a, uint64_t b) { return human_size(a) + " / " + human_size(b); }

DataObject make_row(const Snapshot& s, const ResourceUsage& u, double cpu, const StatsOptions& o) {
    const auto average = percent(u.cpu_ns, u.age_ns);
    const auto memory = percent(u.resident_bytes, u.host_memory_bytes);
    const auto net = u.has_network ? pair_text(u.received_bytes, u.sent_bytes) : std::string("-- / --");
    DataObject out{.type = "containers.containerStats"};
    const auto add = [&](const char* name, Data value, const char* json) {
        out.add(name, std::move(value), json);
    };
    const auto shown = [&](const char* name, Data value) {
        out.add(name, std::move(value), {}, Show::templates);
    };
    add("ID", shown_id(s.id, o.no_trunc), "id");
    add("Name", s.config.name, "name");
    shown("CID", shown_id(s.id, o.no_trunc));
    shown("Pod", shown_id(s.config.pod, o.no_trunc));
    add("UpTime", go_duration(u.cpu_ns), "cpu_time");
    add("CPUPerc", percent_text(cpu), "cpu_percent");
    add("AVGCPU", percent_text(average), "avg_cpu");
    add("MemUsage", pair_text(u.resident_bytes, u.host_memory_bytes), "mem_usage");
    add("MemPerc", percent_text(memory), "mem_percent");
    add("NetIO", net, "net_io");
    add("BlockIO", pair_text(u.read_bytes, u.written_bytes), "block_io");
    add("PIDS", std::to_string(u.tasks), "pids");
    shown("PIDs", std::to_string(u.tasks));
    shown("ContainerID", s.id);
    shown("CPU", cpu);
    shown("AvgCPU", average);
    shown("CPUNano", u.cpu_ns);
    shown("Duration", u.age_ns);
    shown("MemUsageBytes", fmt::format("{}B / {}B", u.resident_bytes, u.host_memory_bytes));
    shown("MemLimit", u.host_memory_bytes);
    shown("NetInput", u.received_bytes);
    shown("NetOutput", u.sent_bytes);
    shown("BlockInput", u.read_bytes);
    shown("BlockOutput", u.written_bytes);
    return out;
}

container::Which which(const StatsOptions& o) {
    return o.all ? container::Which::all : container::Which::alive;
}

/// The running members of the pods that are named, or of all.
std::vector<Snapshot> choose_members(const store::Paths& paths, const StatsOptions& o, Args names) {
    std::vector<Snapshot> chosen;
    if (o.latest) names.push_back(pod::latest_pod(paths));
    std::set<std::string> wanted;
    for (const auto& name : names) wanted.insert(pod::find_pod(paths, name));
    for (auto& s : container::take_snapshots(paths, which(o))) {
        const bool of_pod = wanted.empty() ? !s.config.pod.empty() : wanted.contains(s.config.pod);
        if (of_pod && (o.all || s.is_running())) chosen.push_back(std::move(s));
    }
    return chosen;
}

std::vector<Snapshot> choose(const store::Paths& paths, const StatsOptions& o, const Args& names) {
    if (o.pods) return choose_members(paths, o, names);
    std::vector<Snapshot> chosen;
    if (o.latest) chosen.push_back(container::take_snapshot(paths, container::latest_container(paths)));
    for (const auto& name : names)
        chosen.push_back(container::take_snapshot(paths, container::find_container(paths, name).id));
    if (!chosen.empty()) return chosen;
    for (auto& s : container::take_snapshots(paths, which(o))) {
        if (o.all || s.is_running()) chosen.push_back(std::move(s));
    }
    return chosen;
}

ResourceUsage usage_of(const Snapshot& s) {
    if (!s.is_running() || !s.state) return {};
    const bool own_pids = container::has_own_pids(s.config);
    const auto& networks = s.config.network.networks;
    return container::resource_usage(s.state->pid, own_pids, networks.empty() || networks.front() != "host");
}

class Stats {
  public:
    Stats(Context& ctx, const StatsOptions& o) : ctx_(ctx), o_(o), paths_(open_store(ctx)) {}

    void show(const Args& names) {
        Report report{.command = "stats",
                      .items = {},
                      .headers = {{"CPUPerc", "CPU %"},
                                  {"MemUsage", "MEM USAGE / LIMIT"},
                                  {"MemUsageBytes", "MEM USAGE / LIMIT"},
                                  {"MemPerc", "MEM %"},
                                  {"NetIO", "NET IO"},
                                  {"BlockIO", "BLOCK IO"},
                                  {"PIDS", "PIDS"},
                                  {"PIDs", "PIDS"},
                                  {"UpTime", "CPU TIME"},
                                  {"AVGCPU", "AVG CPU %"}},
                      .json_indent = 1};
        for (const auto& s : choose(paths_, o_, names)) {
            const auto usage = usage_of(s);
            report.items.emplace_back(make_row(s, usage, share_of_cpu(s.id, usage), o_));
        }
        const char* table = o_.pods ? kPodTable : kTable;
        ctx_.out << render(report, o_.format.empty() ? table : o_.format);
        ctx_.out.flush();
    }

  private:
    /// Since the last look; at the first one since its start.
    double share_of_cpu(const std::string& id, const ResourceUsage& usage) {
        const auto now = container::boot_clock_ns();
        auto& last = last_[id];
        const bool first = last.at_ns == 0;
        const auto share =
            first ? percent(usage.cpu_ns, usage.age_ns)
                  : percent(usage.cpu_ns - std::min(usage.cpu_ns, last.cpu_ns), now - last.at_ns);
        last = {.cpu_ns = usage.cpu_ns, .at_ns = now};
        return share;
    }

    Context& ctx_;
    const StatsOptions& o_;
    store::Paths paths_;
    std::map<std::string, Sample> last_;
};

int run_stats(Context& ctx, const StatsOptions& o, const Args& names) {
    if ((o.all ? 1 : 0) + (o.latest ? 1 : 0) + (names.empty() ? 0 : 1) > 1)
        throw Error("--all, --latest and containers cannot be used together");
    if (o.interval == 0) throw Error("invalid interval, must be a positive number greater zero");
    ctx.err << "Note: containers have no cgroup of their own here; figures are summed from /proc\n"
            << std::flush;
    Stats stats(ctx, o);
    for (;;) {
        if (!o.no_stream && !o.no_reset && o.format.empty()) ctx.out << "\033[2J\033[1;1H";
        stats.show(names);
        if (o.no_stream || !ctx.out) return 0;
        ::sleep(o.interval);
    }
}

Action define(CLI::App& flags, Context& ctx, bool pods) {
    auto o = std::make_shared<StatsOptions>();
    o->pods = pods;
    flags.add_flag("-a,--all", o->all, "Show all containers, not only those that run");
    flags.add_option("--format", o->format, "\"json\", or a Go template")->type_name("TEMPLATE");
    flags.add_option("-i,--interval", o->interval, "Seconds between two looks (default 5)")
        ->type_name("SECONDS");
    flags.add_flag("-l,--latest", o->latest,
                   pods ? "Of the pod that was made last" : "Of the container that was made last");
    flags.add_flag("--no-reset", o->no_reset, "Do not clear the screen between two looks");
    flags.add_flag("--no-stream", o->no_stream, "Look once");
    flags.add_flag("--no-trunc", o->no_trunc, "Show whole IDs");
    return [o, &ctx](const Args& args) { return run_stats(ctx, *o, args); };
}

Action define_stats(CLI::App& flags, Context& ctx) { return define(flags, ctx, false); }
Action define_pod_stats(CLI::App& flags, Context& ctx) { return define(flags, ctx, true); }

}  // namespace

std::vector<Command> stats_commands() {
    const Command stats{.name = "stats",
                        .arguments = "[options] [CONTAINER...]",
                        .summary = "Show what containers use",
                        .define = define_stats};
    return {stats,
            in_group("container stats", stats),
            {.name = "pod stats",
             .arguments = "[options] [POD...]",
             .summary = "Show what the containers of pods use",
             .define = define_pod_stats}};
}

}  // namespace rpod::cli
