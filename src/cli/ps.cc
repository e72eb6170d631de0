// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/ps.hh"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <ostream>
#include <tuple>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/container_filter.hh"
#include "cli/container_view.hh"
#include "cli/images.hh"
#include "cli/pods.hh"
#include "cli/report.hh"
#include "cli/stores.hh"

namespace rpod::cli {
namespace {

using container::Snapshot;

struct PsOptions {
    bool all = false, external = false, latest = false, no_trunc = false, no_heading = false;
    bool namespaces = false, pod = false, quiet = false, size = false, sync = false;
    int last = 0;
    unsigned watch = 0;
    std::vector<std::string> filters;
    std::string format, sort = "created";
};

void check_options(const PsOptions& o) {
    if (o.last > 0 && o.latest) throw Error("last and latest are mutually exclusive");
    if (o.quiet && !o.format.empty() && o.format != "json")
        throw Error("quiet conflicts with other format flags");
    if (o.namespaces && (o.size || !o.format.empty()))
        throw Error("quiet, size, namespace, and format with Go template are mutually exclusive");
    if (o.namespaces && o.quiet) throw Error("quiet and namespace are mutually exclusive");
}

/// @param all  oldest first
std::vector<Snapshot> choose(std::vector<Snapshot> all, const PsOptions& o, ContainerImages& images,
                             PodTable& pods) {
    const ContainerFilter filter(o.filters, all, images, pods);
    const bool any_status = o.all || o.last > 0 || o.latest || filter.asks_for_status();
    std::vector<Snapshot> chosen;
    for (auto& s : all) {
        if ((any_status || s.is_running()) && filter.matches(s)) chosen.push_back(std::move(s));
    }
    const auto most = o.latest ? 1 : static_cast<size_t>(std::max(o.last, 0));
    if (most > 0 && chosen.size() > most)
        chosen.erase(chosen.begin(), chosen.end() - static_cast<ptrdiff_t>(most));
    return chosen;
}

void sort_by(std::vector<Snapshot>& list, const std::string& field, ContainerImages& images,
             const std::map<std::string, container::DiskUsage>& usage) {
    const auto by = [&](auto key) {
        std::stable_sort(list.begin(), list.end(),
                         [&](const Snapshot& a, const Snapshot& b) { return key(a) < key(b); });
    };
    if (field == "created" || field == "runningfor") return;  // as they come
    if (field == "id") return by([](const Snapshot& s) { return s.id; });
    if (field == "names") return by([](const Snapshot& s) { return s.config.name; });
    if (field == "status") return by([](const Snapshot& s) { return s.status; });
    if (field == "image") return by([&](const Snapshot& s) { return images.name(s.config); });
    if (field == "command") {
        return by([&](const Snapshot& s) { return shown_command(s.config, images.find(s.config)); });
    }
    if (field == "size") {
        return by([&](const Snapshot& s) {
            const auto it = usage.find(s.id);
            return it == usage.end() ? 0 : it->second.writable_bytes;
        });
    }
    throw Error(
        "invalid argument \"{}\" for \"--sort\" flag: choose from: command, created, id, image, names, "
        "runningfor, size, status",
        printable(field));
}

std::string default_format(const PsOptions& o) {
    if (o.namespaces) {
        return "table "
               "{{.ID}}\t{{.Names}}\t{{.Pid}}\t{{.Cgroup}}\t{{.IPC}}\t{{.MNT}}\t{{.NET}}\t{{.PIDNS}}\t{{"
               ".UTS}}\t{{.User}}";
    }
    std::string format =
        "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.CreatedHuman}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}";
    if (o.pod) format += "\t{{.Pod}}\t{{.PodName}}";
    if (o.size) format += "\t{{.Size}}";
    return format;
}

Report make_report(const PsOptions& o) {
    return {.command = "ps",
            .items = {},
            .headers = {{"ID", "CONTAINER ID"},
                        {"CreatedHuman", "CREATED"},
                        {"Cgroup", "CGROUPNS"},
                        {"PIDNS", "PIDNS"},
                        {"Pod", "POD ID"},
                        {"PodName", "PODNAME"},
                        {"RunningFor", "RUNNING FOR"},
                        {"User", "USERNS"}},
            .heading = !o.no_heading,
            .json_indent = 2};
}

std::vector<std::string> ids_of(const std::vector<Snapshot>& list) {
    std::vector<std::string> ids;
    for (const auto& s : list) ids.push_back(s.id);
    return ids;
}

void show_once(Context& ctx, const PsOptions& o, const image::ImageStore& store) {
    ContainerImages images(store);
    PodTable pods(store.paths());
    // What is asked of others may need all of them: --filter before=, volumes in use.
    const bool only_running = !o.all && o.last == 0 && !o.latest && o.filters.empty();
    const auto which = only_running ? container::Which::alive : container::Which::all;
    auto chosen = choose(container::take_snapshots(store.paths(), which), o, images, pods);
    std::map<std::string, container::DiskUsage> usage;
    if (o.size || o.sort == "size") usage = container::disk_usage(store.paths(), ids_of(chosen));
    sort_by(chosen, o.sort, images, usage);
    if (o.quiet && o.format.empty()) {
        for (const auto& s : chosen) ctx.out << (o.no_trunc ? s.id : s.id.substr(0, 12)) << "\n";
        return;
    }
    auto report = make_report(o);
    ViewOptions view{.no_trunc = o.no_trunc, .namespaces = o.namespaces || !o.format.empty()};
    for (const auto& s : chosen) {
        view.pod = pods.find(s.config);
        report.items.emplace_back(make_view(s, images, view, o.size ? &usage[s.id] : nullptr));
    }
    ctx.out << render(report, o.format.empty() ? default_format(o) : o.format);
}

int run_ps(Context& ctx, const PsOptions& o) {
    check_options(o);
    const auto store = open_images(ctx);
    if (o.watch == 0) {
        show_once(ctx, o, store);
        return 0;
    }
    for (;;) {
        ctx.out << "\033[2J\033[1;1H";
        show_once(ctx, o, store);
        ctx.out.flush();
        if (!ctx.out) return kExitFailed;
        ::sleep(o.watch);
    }
}

Action define_ps(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<PsOptions>();
    flags.add_flag("-a,--all", o->all, "Show all containers, not only those that run");
    flags.add_flag("--external", o->external, "Show containers of other tools, too (the store has none)");
    flags.add_option("-f,--filter", o->filters, "Show only containers for which it holds")
        ->type_name("KEY=VALUE");
    flags.add_option("--format", o->format, "\"json\", or a Go template")->type_name("TEMPLATE");
    flags.add_option("-n,--last", o->last, "Show the N that were made last, whatever their state")
        ->type_name("N");
    flags.add_flag("-l,--latest", o->latest, "Show the one that was made last");
    flags.add_flag("--no-trunc", o->no_trunc, "Show whole IDs and commands");
    flags.add_flag("--noheading,--no-heading", o->no_heading, "Show no line of headings");
    flags.add_flag("--ns,--namespace", o->namespaces, "Show the namespaces");
    flags.add_flag("-p,--pod", o->pod, "Show the pod");
    flags.add_flag("-q,--quiet", o->quiet, "Show IDs only");
    flags.add_flag("-s,--size", o->size, "Show sizes");
    flags
        .add_option("--sort", o->sort,
                    "By command, created, id, image, names, runningfor, size or status (default created)")
        ->type_name("FIELD");
    flags.add_flag("--sync", o->sync, "Look at the state itself (rpod always does)");
    flags.add_option("-w,--watch", o->watch, "Show it again every so many seconds")->type_name("SECONDS");
    return [o, &ctx](const Args&) { return run_ps(ctx, *o); };
}

}  // namespace

std::vector<Command> ps_commands() {
    const Command ps{.name = "ps",
                     .arguments = "[options]",
                     .summary = "List containers",
                     .arity = kNoArgs,
                     .define = define_ps};
    return {ps, in_group("container ls", ps), in_group("container list", ps), in_group("container ps", ps)};
}

}  // namespace rpod::cli
