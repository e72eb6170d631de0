// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/run.hh"

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/ensure_image.hh"
#include "cli/run_options.hh"
#include "container/run.hh"
#include "store/paths.hh"

namespace rpod::cli {
namespace {

Action define_run(CLI::App& flags, Context& ctx) {
    auto options = std::make_shared<RunOptions>();
    add_run_flags(flags, *options);
    return [options, &ctx](const Args& args) {
        auto request = validate(*options, args, Surroundings::here());
        const auto paths = store::Paths::locate(ctx.global.root, ctx.global.runroot);
        store::open_root(paths);
        ensure_image(ctx, request.config, options->registry, request.modes.quiet);
        const container::AttachStreams streams{.in = request.modes.attach_stdin,
                                               .out = request.modes.attach_stdout,
                                               .err = request.modes.attach_stderr};
        return container::run_attached(paths, std::move(request.config), streams, request.modes.sig_proxy);
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
