// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/health.hh"

#include <CLI/CLI.hpp>
#include <ostream>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/stores.hh"
#include "container/control.hh"
#include "container/find.hh"

namespace rpod::cli {
namespace {

Action define_run(CLI::App&, Context& ctx) {
    return [&ctx](const Args& args) {
        const auto paths = open_store(ctx);
        const auto id = container::lookup_container(paths, args[0]);
        if (!id) {
            throw Error(
                "unable to look up {} to perform a health check: no container with name or ID \"{}\" found: "
                "no "
                "such container",
                printable(args[0]), printable(args[0]));
        }
        const auto health = container::check_health(paths, *id);
        if (health.empty()) return 0;
        ctx.out << health << "\n";
        return 1;
    };
}

}  // namespace

std::vector<Command> health_commands() {
    return {{.name = "healthcheck", .summary = "Manage health checks of containers"},
            {.name = "healthcheck run",
             .arguments = "CONTAINER",
             .summary = "Run the health check of a container now",
             .arity = {.min = 1, .max = 1},
             .define = define_run}};
}

}  // namespace rpod::cli
