// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/run.hh"

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "cli/conf_defaults.hh"
#include "cli/container_select.hh"
#include "cli/ensure_image.hh"
#include "cli/enter_pod.hh"
#include "cli/run_options.hh"
#include "cli/storage_driver.hh"
#include "container/detach_keys.hh"
#include "container/run.hh"
#include "pod/start.hh"

namespace rpod::cli {
namespace {

constexpr const char* kLife = "Container";

struct RunFlags {
    RunOptions shared;
    bool detach = false;
    std::optional<std::string> detach_keys;
    bool sig_proxy = true;
};

container::StartRequest start_request(const RunFlags& flags, const RunModes& modes, const std::string& keys) {
    if (flags.detach && !flags.shared.life.attach.empty())
        throw Error("cannot specify both --attach and --detach: the first asks to wait, the second not to");
    return {.attached = !flags.detach,
            .streams = {.in = modes.attach_stdin, .out = modes.attach_stdout, .err = modes.attach_stderr},
            .sig_proxy = flags.sig_proxy,
            .detach_keys = keys};
}

Action define_run(CLI::App& flags, Context& ctx) {
    auto options = std::make_shared<RunFlags>();
    add_run_flags(flags, options->shared, ctx.words);
    flags.add_flag("-d,--detach", options->detach, "Print the container's ID and let it run on")
        ->group(kLife);
    flags
        .add_option("--detach-keys", options->detach_keys,
                    "Keys that leave a terminal and let the container run (default ctrl-p,ctrl-q)")
        ->type_name("KEYS")
        ->group(kLife);
    flags.add_flag("--sig-proxy", options->sig_proxy, "Pass signals on to the container (default true)")
        ->group(kLife);
    return [options, &flags, &ctx](const Args& args) {
        const auto conf = ContainersConf::load();
        auto request = read_request(options->shared, flags, args, conf);
        const auto keys = detach_keys(options->detach_keys, request.config.tty ? conf : ContainersConf());
        const container::DetachKeys check(keys);
        const auto start = start_request(*options, request.modes, keys);
        const auto paths = open_store(ctx);
        ensure_image(ctx, request.config, options->shared.registry, request.modes.quiet);
        choose_storage_driver(ctx, paths, request.config);
        EnterPod pod(paths, request);
        const auto status = container::run_container(paths, request.config, request.modes.replace, start,
                                                     pod::start_in_place);
        pod.keep();
        if (options->detach) ctx.out << request.config.id << "\n";
        return status ? status->shell_code() : 0;
    };
}

Command run_command(std::string_view name) {
    return {.name = name,
            .arguments = "[options] IMAGE [COMMAND [ARG...]]",
            .summary = "Run a command in a new container",
            .arity = kOneOrMore,
            .define = define_run,
            .flags_end_at_argument = true};
}

}  // namespace

std::vector<Command> run_commands() {
    return {run_command("run"),
            {.name = "container", .summary = "Manage containers"},
            run_command("container run")};
}

}  // namespace rpod::cli
