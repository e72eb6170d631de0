// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/top.hh"

#include <fcntl.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "cli/pod_member.hh"
#include "cli/stores.hh"
#include "cli/table.hh"
#include "cli/top_columns.hh"
#include "container/find.hh"
#include "container/snapshot.hh"
#include "pod/record.hh"
#include "sys/file.hh"
#include "sys/rooted_dir.hh"

namespace rpod::cli {
namespace {

constexpr size_t kMaxNames = 16 << 20;
constexpr const char* kDefaults = "user,pid,ppid,pcpu,etime,tty,time,args";

struct TopOptions {
    bool latest = false;
};

/// "name:x:ID:…" lines; the first of an ID counts.
std::map<uint32_t, std::string> read_names(const sys::RootedDir& root, const char* file) {
    std::map<uint32_t, std::string> names;
    try {
        const auto text = root.read_file(file, kMaxNames);
        if (!text) return names;
        for (const auto line : split(*text, '\n')) {
            const auto fields = split(line, ':', 4);
            const auto id = fields.size() > 2 ? parse_uint(fields[2], UINT32_MAX) : std::nullopt;
            if (id) names.try_emplace(static_cast<uint32_t>(*id), printable(fields[0]));
        }
    } catch (const Error& e) {
        // A root file system that this user may not look into: numbers tell as much.
        log::debug("names of users: {}", e.what());
    }
    return names;
}

TopFacts collect_facts(pid_t first) {
    const auto proc = sys::open_file(fmt::format("/proc/{}", first), O_PATH | O_DIRECTORY);
    TopFacts f;
    f.uids = userns::IdMap::from_proc(sys::read_file_at(proc.get(), "uid_map"));
    f.gids = userns::IdMap::from_proc(sys::read_file_at(proc.get(), "gid_map"));
    // Only ever through this descriptor, resolved inside it.
    const sys::RootedDir root(sys::open_at(proc.get(), "root", O_PATH | O_DIRECTORY));
    f.users = read_names(root, "/etc/passwd");
    f.groups = read_names(root, "/etc/group");
    f.now_ns = container::boot_clock_ns();
    return f;
}

/// podman takes words or lists of them. What looks like an option of ps is one that podman would have the
/// container's own ps answer.
std::vector<TopColumn> choose_columns(const Args& words) {
    std::vector<TopColumn> columns;
    for (const auto& word : words) {
        if (word.starts_with('-')) {
            throw Error("top: '{}' is an option of ps, which would have to run in the container",
                        printable(word))
                .with_hint("name columns: user, pid, args, …; or use: rpod exec CONTAINER ps");
        }
        for (const auto name : split(word, ',')) {
            if (!trim(name).empty()) columns.push_back(find_top_column(std::string(trim(name))));
        }
    }
    if (!columns.empty()) return columns;
    return choose_columns({kDefaults});
}

std::string table(const std::vector<TopColumn>& columns, const std::vector<container::ProcessInfo>& list,
                  TopFacts& facts) {
    std::vector<std::string> headers;
    for (const auto& column : columns) headers.push_back(column.header);
    std::string text = join(headers, "\t") + "\n";
    for (const auto& process : list) {
        std::vector<std::string> cells;
        for (const auto& column : columns) cells.push_back(column.text(process, facts));
        text += join(cells, "\t") + "\n";
    }
    return align_tabs(text);
}

std::vector<container::ProcessInfo> processes_of(const container::Snapshot& s) {
    return container::container_processes(s.state->pid, container::has_own_pids(s.config));
}

int run_top(Context& ctx, const TopOptions& o, Args args) {
    const auto paths = open_store(ctx);
    std::string id;
    if (o.latest) {
        id = container::latest_container(paths);
    } else {
        if (args.empty()) throw Error("you must provide the name or id of a running container");
        id = container::find_container(paths, args.front()).id;
        args.erase(args.begin());
    }
    const auto columns = choose_columns(args);
    const auto s = container::take_snapshot(paths, id);
    if (!s.is_running() || !s.state) {
        throw Error("top can only be used on running containers: container state improper");
    }
    auto facts = collect_facts(s.state->pid);
    ctx.out << table(columns, processes_of(s), facts);
    return 0;
}

/// Of all members that run, one after the other.
int run_pod_top(Context& ctx, const TopOptions& o, Args args) {
    const auto paths = open_store(ctx);
    std::string pod;
    if (o.latest) {
        pod = pod::latest_pod(paths);
    } else {
        if (args.empty()) throw Error("you must provide the name or id of a running pod");
        pod = args.front();
        args.erase(args.begin());
    }
    const auto columns = choose_columns(args);
    std::vector<container::ProcessInfo> all;
    std::optional<TopFacts> facts;
    for (const auto& id : find_members(paths, pod, {})) {
        const auto s = container::take_snapshot(paths, id);
        if (!s.is_running() || !s.state) continue;
        for (auto& process : processes_of(s)) {
            // Members that share their PIDs have the same ones.
            const bool known = std::any_of(all.begin(), all.end(), [&](const auto& other) {
                return other.host_pid == process.host_pid;
            });
            if (!known) all.push_back(std::move(process));
        }
        if (!facts) facts = collect_facts(s.state->pid);
    }
    if (!facts) throw Error("pod top can only be used on pods with at least one running container");
    ctx.out << table(columns, all, *facts);
    return 0;
}

Action define_top(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<TopOptions>();
    flags.add_flag("-l,--latest", o->latest, "Of the container that was made last");
    return [o, &ctx](const Args& args) { return run_top(ctx, *o, args); };
}

Action define_pod_top(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<TopOptions>();
    flags.add_flag("-l,--latest", o->latest, "Of the pod that was made last");
    return [o, &ctx](const Args& args) { return run_pod_top(ctx, *o, args); };
}

}  // namespace

std::vector<Command> top_commands() {
    const Command top{.name = "top",
                      .arguments = "[options] CONTAINER [COLUMN...]",
                      .summary = "Show the processes of a container",
                      .define = define_top,
                      .flags_end_at_argument = true};
    return {top,
            in_group("container top", top),
            {.name = "pod top",
             .arguments = "[options] POD [COLUMN...]",
             .summary = "Show the processes of a pod's containers",
             .define = define_pod_top,
             .flags_end_at_argument = true}};
}

}  // namespace rpod::cli
