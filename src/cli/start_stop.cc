// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/start_stop.hh"

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <ostream>

#include "base/strings.hh"
#include "cli/conf_defaults.hh"
#include "cli/container_select.hh"
#include "container/control.hh"
#include "container/create.hh"
#include "container/detach_keys.hh"
#include "container/events.hh"
#include "container/start.hh"
#include "pod/start.hh"

namespace rpod::cli {
namespace {

using container::Life;

// start, attach
// ----------------------------------------------------------------------------------------------------------

struct StartOptions {
    SelectOptions select;
    bool attach = false;
    bool interactive = false;
    bool no_stdin = false;
    bool sig_proxy = true;
    std::optional<std::string> detach_keys;
};

void add_attach_flags(CLI::App& flags, StartOptions& o) {
    flags
        .add_option("--detach-keys", o.detach_keys,
                    "Keys that leave a terminal and let the container run (default ctrl-p,ctrl-q)")
        ->type_name("KEYS");
    flags.add_flag("-l,--latest", o.select.latest, "The container that was made last");
    flags.add_flag("--sig-proxy", o.sig_proxy,
                   "Pass signals on to the container (default true when attached)");
}

/// @throws Error for bad ones, also where they are not used
std::string checked_keys(const StartOptions& o, bool attached) {
    auto keys = detach_keys(o.detach_keys, attached ? ContainersConf::load() : ContainersConf());
    const container::DetachKeys check(keys);
    return keys;
}

container::StartRequest attach_request(const StartOptions& o, bool with_input, const std::string& keys) {
    return {.attached = true,
            .streams = {.in = with_input, .out = true, .err = true},
            .sig_proxy = o.sig_proxy,
            .detach_keys = keys};
}

int exit_code(const std::optional<sys::ExitStatus>& status) { return status ? status->shell_code() : 0; }

Action define_start(CLI::App& flags, Context& ctx) {
    auto options = std::make_shared<StartOptions>();
    flags.add_flag("-a,--attach", options->attach, "Attach its output, wait, and end with its exit code");
    flags.add_flag("-i,--interactive", options->interactive, "Attach standard input, too");
    flags.add_flag("--all", options->select.all, "All containers that do not run");
    flags
        .add_option("-f,--filter", options->select.filters,
                    "With --all: only those for which it holds; id, name, label, status, restart-policy")
        ->type_name("KEY=VALUE");
    add_attach_flags(flags, *options);
    return [options, &ctx](const Args& names) {
        const auto paths = open_store(ctx);
        const bool attached = options->attach || options->interactive;
        const auto keys = checked_keys(*options, attached);
        container::sweep_containers(paths);
        const auto selected = select_containers(paths, options->select, names,
                                                {Life::created, Life::exited, Life::initialized});
        if (!attached) {
            return for_each_container(ctx, selected, [&](const SelectedContainer& c) {
                container::start_container(paths, c.id, {.attached = false}, pod::start_in_place);
            });
        }
        if (selected.size() != 1) throw Error("you cannot start and attach multiple containers at once");
        return exit_code(container::start_container(paths, selected[0].id,
                                                    attach_request(*options, options->interactive, keys),
                                                    pod::start_in_place));
    };
}

Action define_attach(CLI::App& flags, Context& ctx) {
    auto options = std::make_shared<StartOptions>();
    flags.add_flag("--no-stdin", options->no_stdin, "Leave the container's standard input alone");
    add_attach_flags(flags, *options);
    return [options, &ctx](const Args& names) {
        const auto paths = open_store(ctx);
        const auto keys = checked_keys(*options, true);
        const auto selected = select_containers(paths, options->select, names);
        return exit_code(container::attach_container(paths, selected.at(0).id,
                                                     attach_request(*options, !options->no_stdin, keys)));
    };
}

// stop, restart
// ----------------------------------------------------------------------------------------------------------

struct StopOptions {
    SelectOptions select;
    std::optional<uint32_t> seconds;
    bool running = false;
};

void add_time_flag(CLI::App& flags, StopOptions& o) {
    flags.add_option("-t,--time", o.seconds, "Seconds until SIGKILL (default the container's: 10)")
        ->type_name("SECONDS");
}

/// What can be stopped.
const std::vector<Life> kUp{Life::initialized, Life::running, Life::stopping, Life::restarting};

Action define_stop(CLI::App& flags, Context& ctx) {
    auto options = std::make_shared<StopOptions>();
    add_time_flag(flags, *options);
    auto& select = options->select;
    flags.add_flag("-a,--all", select.all, "Stop all containers that run");
    flags.add_flag("-l,--latest", select.latest, "Stop the container that was made last");
    flags.add_flag("-i,--ignore", select.ignore, "Do not mind missing containers");
    flags.add_option("--cidfile", select.cidfiles, "Stop the container whose ID is in the file")
        ->type_name("FILE");
    flags
        .add_option("-f,--filter", select.filters,
                    "Stop those for which it holds; id, name, label, status, restart-policy")
        ->type_name("KEY=VALUE");
    return [options, &ctx](const Args& names) {
        const auto paths = open_store(ctx);
        const int code = for_each_container(
            ctx, select_containers(paths, options->select, names, kUp),
            [&](const SelectedContainer& c) { container::stop_container(paths, c.id, options->seconds); });
        container::sweep_containers(paths);
        return code;
    };
}

Action define_restart(CLI::App& flags, Context& ctx) {
    auto options = std::make_shared<StopOptions>();
    add_time_flag(flags, *options);
    auto& select = options->select;
    flags.add_flag("-a,--all", select.all, "Restart all containers, running or not");
    flags.add_flag("-l,--latest", select.latest, "Restart the container that was made last");
    flags.add_flag("--running", options->running, "Restart all containers that run");
    flags.add_option("--cidfile", select.cidfiles, "Restart the container whose ID is in the file")
        ->type_name("FILE");
    return [options, &ctx](const Args& names) {
        const auto paths = open_store(ctx);
        auto which = options->select;
        if (options->running && which.all)
            throw UsageError("--all and --running cannot be used together", {});
        which.all = which.all || options->running;
        const auto wanted = options->running ? kUp : std::vector<Life>{};
        return for_each_container(
            ctx, select_containers(paths, which, names, wanted), [&](const SelectedContainer& c) {
                container::note_event_of(paths, c.id, "restart");
                container::stop_container(paths, c.id, options->seconds);
                container::start_container(paths, c.id, {.attached = false}, pod::start_in_place);
            });
    };
}

constexpr Command kStart{.name = "start",
                         .arguments = "[options] CONTAINER [CONTAINER...]",
                         .summary = "Start containers",
                         .arity = kAnyArgs,
                         .define = define_start};
constexpr Command kAttach{.name = "attach",
                          .arguments = "[options] CONTAINER",
                          .summary = "Attach to a running container",
                          .arity = {.min = 0, .max = 1},
                          .define = define_attach};
constexpr Command kStop{.name = "stop",
                        .arguments = "[options] CONTAINER [CONTAINER...]",
                        .summary = "Stop containers",
                        .arity = kAnyArgs,
                        .define = define_stop};
constexpr Command kRestart{.name = "restart",
                           .arguments = "[options] CONTAINER [CONTAINER...]",
                           .summary = "Stop containers and start them again",
                           .arity = kAnyArgs,
                           .define = define_restart};

}  // namespace

std::vector<Command> start_stop_commands() {
    return {kStart, in_group("container start", kStart), kAttach,  in_group("container attach", kAttach),
            kStop,  in_group("container stop", kStop),   kRestart, in_group("container restart", kRestart)};
}

}  // namespace rpod::cli
