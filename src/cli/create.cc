// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/create.hh"

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/conf_defaults.hh"
#include "cli/container_select.hh"
#include "cli/ensure_image.hh"
#include "cli/enter_pod.hh"
#include "cli/run_options.hh"
#include "cli/storage_driver.hh"
#include "container/run.hh"
#include "pod/start.hh"

namespace rpod::cli {
namespace {

struct CreateOptions {
    RunOptions shared;
    std::string init_container;
};

void check_init_container(const std::string& text, const RunRequest& request) {
    if (text.empty()) return;
    if (text != "always" && text != "once")
        throw Error("init-ctr '{}': always and once are known", printable(text));
    if (request.modes.pod.empty()) throw Error("must specify pod value with init-ctr");
}

Action define_create(CLI::App& flags, Context& ctx) {
    auto options = std::make_shared<CreateOptions>();
    add_run_flags(flags, options->shared, ctx.words);
    flags
        .add_option("--init-ctr", options->init_container,
                    "In a pod: runs to its end before the others start, always or once; one with --restart "
                    "always goes on beside them")
        ->type_name("TYPE")
        ->group("Namespaces and users");
    return [options, &flags, &ctx](const Args& args) {
        auto request = read_request(options->shared, flags, args, ContainersConf::load());
        check_init_container(options->init_container, request);
        request.config.init_container = options->init_container;
        const auto paths = open_store(ctx);
        ensure_image(ctx, request.config, options->shared.registry, request.modes.quiet);
        choose_storage_driver(ctx, paths, request.config);
        EnterPod pod(paths, request);
        container::create_container(paths, request.config, request.modes.replace);
        pod.keep();
        ctx.out << request.config.id << "\n";
        return 0;
    };
}

Action define_init(CLI::App& flags, Context& ctx) {
    auto options = std::make_shared<SelectOptions>();
    flags.add_flag("-a,--all", options->all, "Prepare all containers that were never started");
    flags.add_flag("-l,--latest", options->latest, "Prepare the container that was made last");
    return [options, &ctx](const Args& names) {
        const auto paths = open_store(ctx);
        return for_each_container(ctx, select_containers(paths, *options, names, {container::Life::created}),
                                  [&](const SelectedContainer& c) {
                                      container::start_container(paths, c.id,
                                                                 {.attached = false, .waits = true},
                                                                 pod::start_in_place);
                                  });
    };
}

constexpr Command kCreate{.name = "create",
                          .arguments = "[options] IMAGE [COMMAND [ARG...]]",
                          .summary = "Make a container without starting it",
                          .arity = kOneOrMore,
                          .define = define_create,
                          .flags_end_at_argument = true};
constexpr Command kInit{.name = "init",
                        .arguments = "[options] CONTAINER [CONTAINER...]",
                        .summary = "Prepare containers up to the start of their command",
                        .arity = kAnyArgs,
                        .define = define_init};

}  // namespace

std::vector<Command> create_commands() {
    return {kCreate, in_group("container create", kCreate), kInit, in_group("container init", kInit)};
}

}  // namespace rpod::cli
