// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/ask.hh"
#include "cli/container_select.hh"
#include "cli/pods.hh"
#include "cli/prune.hh"
#include "cli/stores.hh"
#include "container/parse_limits.hh"
#include "pod/life.hh"
#include "pod/record.hh"

namespace rpod::cli {
namespace {

constexpr int kExitNoSuchPod = 1;

struct PodSelection {
    bool all = false, latest = false, ignore = false;
    Args id_files;
};

/// What was typed, and the pod that it means.
struct SelectedPod {
    std::string shown, id;
};

void add_selection(CLI::App& flags, PodSelection& o, const char* all) {
    flags.add_flag("-a,--all", o.all, all);
    flags.add_flag("-l,--latest", o.latest, "The pod that was made last");
    flags.add_option("--pod-id-file", o.id_files, "The pod whose ID is in the file")->type_name("FILE");
}

std::vector<SelectedPod> select_pods(const store::Paths& paths, const PodSelection& o, Args names) {
    if ((o.all || o.latest) && !names.empty())
        throw Error("--all and --latest cannot be used with the names of pods");
    std::vector<SelectedPod> out;
    if (o.all) {
        for (auto& id : pod::pod_ids(paths)) out.push_back({id, id});
        return out;
    }
    if (o.latest) names.push_back(pod::latest_pod(paths));
    for (const auto& file : o.id_files) {
        if (auto id = read_id_file(file, o.ignore)) names.push_back(*std::move(id));
    }
    if (names.empty() && o.id_files.empty()) throw Error("you must provide at least one pod name or id");
    for (const auto& name : names) {
        if (auto id = pod::lookup_pod(paths, name)) {
            out.push_back({name, *std::move(id)});
        } else if (!o.ignore) {
            out.push_back({name, {}});
        }
    }
    return out;
}

/// Does it for each and prints the pod's ID; goes on after a failure.
int for_each_pod(Context& ctx, const std::vector<SelectedPod>& selected, int unknown,
                 const std::function<pod::Failures(const std::string& id)>& act) {
    int code = 0;
    for (const auto& one : selected) {
        try {
            if (one.id.empty()) {
                print_error(ctx, Error("no pod with name or ID {} found: no such pod", printable(one.shown)));
                if (code == 0) code = unknown;
                continue;
            }
            const auto failures = act(one.id);
            for (const auto& failure : failures) {
                print_error(ctx, Error("container {} of pod {}: {}", failure.id.substr(0, 12), one.shown,
                                       failure.error.what())
                                     .with_hint(failure.error.hint()));
                if (code == 0) code = kExitFailed;
            }
            if (failures.empty()) ctx.out << one.id << "\n";
        } catch (const Error& e) {
            print_error(ctx, e);
            if (code == 0) code = e.exit_code();
        }
    }
    return code;
}

struct LifeOptions {
    PodSelection which;
    std::optional<uint32_t> seconds;
    std::string signal = "KILL";
    bool force = false;
};

using PodAct = pod::Failures (*)(const store::Paths&, const std::string&, const LifeOptions&);

template <PodAct act>
Action simple_action(CLI::App& flags, Context& ctx, std::shared_ptr<LifeOptions> o, const char* all) {
    add_selection(flags, o->which, all);
    return [o, &ctx](const Args& names) {
        const auto paths = open_store(ctx);
        return for_each_pod(ctx, select_pods(paths, o->which, names), kExitFailed,
                            [&](const std::string& id) { return act(paths, id, *o); });
    };
}

pod::Failures start(const store::Paths& paths, const std::string& id, const LifeOptions&) {
    return pod::start_pod(paths, id);
}
pod::Failures stop(const store::Paths& paths, const std::string& id, const LifeOptions& o) {
    return pod::stop_pod(paths, id, o.seconds);
}
pod::Failures restart(const store::Paths& paths, const std::string& id, const LifeOptions& o) {
    auto failures = pod::stop_pod(paths, id, o.seconds);
    return failures.empty() ? pod::start_pod(paths, id) : failures;
}
pod::Failures kill(const store::Paths& paths, const std::string& id, const LifeOptions& o) {
    return pod::kill_pod(paths, id, container::parse_signal(o.signal));
}
pod::Failures pause(const store::Paths& paths, const std::string& id, const LifeOptions&) {
    return pod::pause_pod(paths, id);
}
pod::Failures unpause(const store::Paths& paths, const std::string& id, const LifeOptions&) {
    return pod::unpause_pod(paths, id);
}

Action define_start(CLI::App& flags, Context& ctx) {
    return simple_action<start>(flags, ctx, std::make_shared<LifeOptions>(), "Start all pods");
}

void add_time(CLI::App& flags, LifeOptions& o) {
    flags.add_option("-t,--time", o.seconds, "Seconds until SIGKILL (default each container's: 10)")
        ->type_name("SECONDS");
}

Action define_stop(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<LifeOptions>();
    add_time(flags, *o);
    flags.add_flag("-i,--ignore", o->which.ignore, "Do not mind missing pods");
    return simple_action<stop>(flags, ctx, o, "Stop all pods");
}

Action define_restart(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<LifeOptions>();
    add_time(flags, *o);
    return simple_action<restart>(flags, ctx, o, "Restart all pods");
}

Action define_kill(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<LifeOptions>();
    flags.add_option("-s,--signal", o->signal, "Signal to send (default KILL, which ends the pod)")
        ->type_name("SIGNAL");
    return simple_action<kill>(flags, ctx, o, "Signal all pods");
}

Action define_pause(CLI::App& flags, Context& ctx) {
    return simple_action<pause>(flags, ctx, std::make_shared<LifeOptions>(), "Pause all pods");
}

Action define_unpause(CLI::App& flags, Context& ctx) {
    return simple_action<unpause>(flags, ctx, std::make_shared<LifeOptions>(), "Continue all pods");
}

Action define_rm(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<LifeOptions>();
    add_selection(flags, o->which, "Remove all pods");
    flags.add_flag("-f,--force", o->force, "Stop running containers first; do not mind missing pods");
    flags.add_flag("-i,--ignore", o->which.ignore, "Do not mind missing pods");
    add_time(flags, *o);
    return [o, &ctx](const Args& names) {
        if (o->seconds && !o->force) throw Error("--force option must be specified to use the --time option");
        const auto paths = open_store(ctx);
        pod::sweep_pods(paths);
        auto which = o->which;
        which.ignore = which.ignore || o->force;
        return for_each_pod(ctx, select_pods(paths, which, names), kExitNoSuchPod,
                            [&](const std::string& id) {
                                pod::remove_pod(paths, id, {.force = o->force, .stop_seconds = o->seconds});
                                return pod::Failures{};
                            });
    };
}

Action define_prune(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<LifeOptions>();
    flags.add_flag("-f,--force", o->force, "Do not ask");
    return [o, &ctx](const Args&) {
        if (!o->force && !ask(ctx,
                              "WARNING! This will remove all stopped/exited pods..\nAre you sure you want to "
                              "continue? [y/N] "))
            return 0;
        const auto pruned = prune_pods(open_store(ctx), {});
        for (const auto& id : pruned.names) ctx.out << id << "\n";
        for (const auto& e : pruned.failures) print_error(ctx, e);
        return pruned.failures.empty() ? 0 : pruned.failures.front().exit_code();
    };
}

Action define_exists(CLI::App&, Context& ctx) {
    return [&ctx](const Args& args) { return pod::lookup_pod(open_store(ctx), args[0]) ? 0 : 1; };
}

Command on_pods(std::string_view name, std::string_view summary, Action (*define)(CLI::App&, Context&)) {
    return {.name = name,
            .arguments = "[options] POD [POD...]",
            .summary = summary,
            .arity = kAnyArgs,
            .define = define};
}

}  // namespace

std::vector<Command> pod_life_commands() {
    return {on_pods("pod start", "Start pods and their containers", define_start),
            on_pods("pod stop", "Stop pods and their containers", define_stop),
            on_pods("pod restart", "Stop pods and start them again", define_restart),
            on_pods("pod kill", "Send a signal to the containers of pods", define_kill),
            on_pods("pod pause", "Pause the containers of pods", define_pause),
            on_pods("pod unpause", "Continue the paused containers of pods", define_unpause),
            on_pods("pod rm", "Remove pods and their containers", define_rm),
            {.name = "pod prune",
             .arguments = "[options]",
             .summary = "Remove pods that have ended, with their containers",
             .arity = kNoArgs,
             .define = define_prune},
            {.name = "pod exists",
             .arguments = "POD",
             .summary = "Tell whether a pod exists, by the exit code",
             .arity = {.min = 1, .max = 1},
             .define = define_exists}};
}

}  // namespace rpod::cli
