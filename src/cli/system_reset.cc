// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// system reset, and the table of the commands about the store as a whole.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/ask.hh"
#include "cli/stores.hh"
#include "cli/system_store.hh"
#include "container/reset.hh"

namespace rpod::cli {

Action define_system_reset(CLI::App& flags, Context& ctx) {
    auto force = std::make_shared<bool>(false);
    flags.add_flag("-f,--force", *force, "Do not ask");
    return [force, &ctx](const Args&) {
        const auto paths = open_store(ctx);
        const auto question = fmt::format(
            "WARNING! This will remove:\n"
            "        - all pods\n"
            "        - all containers\n"
            "        - all images\n"
            "        - all volumes\n"
            "        - all secrets\n"
            "of the store '{}'\n"
            "Are you sure you want to continue? [y/N] ",
            paths.root().native());
        if (*force || ask(ctx, question)) container::reset_store(paths);
        return 0;
    };
}

std::vector<Command> system_store_commands() {
    return {{.name = "system check",
             .arguments = "[options]",
             .summary = "Look for damage in the store",
             .arity = kNoArgs,
             .define = define_system_check},
            {.name = "system df",
             .arguments = "[options]",
             .summary = "Show what the store takes of the disk",
             .arity = kNoArgs,
             .define = define_system_df},
            {.name = "system migrate",
             .arguments = "",
             .summary = "Bring the store up to date (it always is)",
             .arity = kNoArgs,
             .define = define_system_migrate},
            {.name = "system prune",
             .arguments = "[options]",
             .summary = "Remove all that nothing uses",
             .arity = kNoArgs,
             .define = define_system_prune},
            {.name = "system renumber",
             .arguments = "",
             .summary = "Give locks new numbers (they have none)",
             .arity = kNoArgs,
             .define = define_system_renumber},
            {.name = "system reset",
             .arguments = "[options]",
             .summary = "Remove all there is in the store",
             .arity = kNoArgs,
             .define = define_system_reset}};
}

}  // namespace rpod::cli
