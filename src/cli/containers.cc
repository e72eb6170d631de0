// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/containers.hh"

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "container/create.hh"
#include "container/find.hh"
#include "container/remove.hh"
#include "store/paths.hh"

namespace rpod::cli {
namespace {

store::Paths open_store(const Context& ctx) {
    const auto paths = store::Paths::locate(ctx.global.root, ctx.global.runroot);
    store::open_root(paths);
    return paths;
}

struct RemoveOptions {
    bool all = false;
    bool force = false;
    bool ignore = false;
};

/// Removes what can be removed; the first failure decides the exit code, as podman's does.
int remove_each(const store::Paths& paths, const RemoveOptions& options, const Args& names, Context& ctx) {
    int code = 0;
    for (const auto& name : names) {
        try {
            container::remove_container(paths, name, options.force);
            ctx.out << name << "\n";
        } catch (const Error& e) {
            if (e.exit_code() == 1 && (options.force || options.ignore)) continue;
            ctx.err << "Error: " << e.what() << "\n";
            if (code == 0) code = e.exit_code();
        }
    }
    container::sweep_containers(paths);
    return code;
}

Action define_rm(CLI::App& flags, Context& ctx) {
    auto options = std::make_shared<RemoveOptions>();
    flags.add_flag("-a,--all", options->all, "Remove all containers");
    flags.add_flag("-f,--force", options->force, "Kill running containers first; do not mind missing ones");
    flags.add_flag("-i,--ignore", options->ignore, "Do not mind missing containers");
    return [options, &ctx](const Args& args) {
        if (options->all == !args.empty()) {
            throw Error(options->all ? "rm: --all and names do not go together"
                                     : "rm: name a container, or use --all");
        }
        const auto paths = open_store(ctx);
        return remove_each(paths, *options, options->all ? container::container_ids(paths) : args, ctx);
    };
}

Action define_exists(CLI::App&, Context& ctx) {
    return [&ctx](const Args& args) {
        try {
            container::find_container(open_store(ctx), args[0]);
            return 0;
        } catch (const Error&) {
            return 1;
        }
    };
}

Command rm_command(std::string_view name) {
    return {.name = name,
            .arguments = "[options] CONTAINER [CONTAINER...]",
            .summary = "Remove containers",
            .arity = kAnyArgs,
            .define = define_rm};
}

}  // namespace

std::vector<Command> container_commands() {
    return {rm_command("rm"),
            rm_command("container rm"),
            {.name = "container exists",
             .arguments = "CONTAINER",
             .summary = "Tell by the exit code whether a container exists",
             .arity = {.min = 1, .max = 1},
             .define = define_exists}};
}

}  // namespace rpod::cli
