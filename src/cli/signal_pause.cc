// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/signal_pause.hh"

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/container_select.hh"
#include "container/control.hh"
#include "container/parse_limits.hh"

namespace rpod::cli {
namespace {

using container::Life;

struct KillOptions {
    SelectOptions select;
    std::string signal = "KILL";
};

Action define_kill(CLI::App& flags, Context& ctx) {
    auto options = std::make_shared<KillOptions>();
    flags.add_option("-s,--signal", options->signal, "Signal to send (default KILL)")->type_name("SIGNAL");
    auto& select = options->select;
    flags.add_flag("-a,--all", select.all, "Signal all containers that run");
    flags.add_flag("-l,--latest", select.latest, "Signal the container that was made last");
    flags.add_option("--cidfile", select.cidfiles, "Signal the container whose ID is in the file")
        ->type_name("FILE");
    return [options, &ctx](const Args& names) {
        const int signal = container::parse_signal(options->signal);
        const auto paths = open_store(ctx);
        return for_each_container(
            ctx,
            select_containers(paths, options->select, names, {Life::running, Life::paused, Life::stopping}),
            [&](const SelectedContainer& c) { container::kill_container(paths, c.id, signal); });
    };
}

using PauseAction = void (*)(const store::Paths&, const std::string&);

template <PauseAction action, Life from>
Action define_pause(CLI::App& flags, Context& ctx) {
    auto options = std::make_shared<SelectOptions>();
    flags.add_flag(
        "-a,--all", options->all,
        from == Life::running ? "Pause all containers that run" : "Continue all paused containers");
    flags.add_flag("-l,--latest", options->latest, "The container that was made last");
    flags.add_option("--cidfile", options->cidfiles, "The container whose ID is in the file")
        ->type_name("FILE");
    return [options, &ctx](const Args& names) {
        const auto paths = open_store(ctx);
        return for_each_container(ctx, select_containers(paths, *options, names, {from}),
                                  [&](const SelectedContainer& c) { action(paths, c.id); });
    };
}

constexpr Command kKill{.name = "kill",
                        .arguments = "[options] CONTAINER [CONTAINER...]",
                        .summary = "Send a signal to containers",
                        .arity = kAnyArgs,
                        .define = define_kill};
constexpr Command kPause{.name = "pause",
                         .arguments = "[options] CONTAINER [CONTAINER...]",
                         .summary = "Stop all processes of containers for a while",
                         .arity = kAnyArgs,
                         .define = define_pause<container::pause_container, Life::running>};
constexpr Command kUnpause{.name = "unpause",
                           .arguments = "[options] CONTAINER [CONTAINER...]",
                           .summary = "Let paused containers go on",
                           .arity = kAnyArgs,
                           .define = define_pause<container::unpause_container, Life::paused>};

}  // namespace

std::vector<Command> signal_pause_commands() {
    return {kKill,    in_group("container kill", kKill),      kPause, in_group("container pause", kPause),
            kUnpause, in_group("container unpause", kUnpause)};
}

}  // namespace rpod::cli
