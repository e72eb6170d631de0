// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/wait.hh"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <ostream>
#include <thread>

#include "base/strings.hh"
#include "cli/container_select.hh"
#include "container/control.hh"
#include "container/find.hh"

namespace rpod::cli {
namespace {

using container::Life;

struct WaitOptions {
    SelectOptions select;
    std::string interval = "250ms";
    Args conditions;
};

/// A bare number counts milliseconds.
std::chrono::milliseconds parse_interval(const std::string& text) {
    if (const auto ms = parse_uint(text, 86400000)) return std::chrono::milliseconds(*ms);
    const auto ns = parse_duration_ns(text);
    if (!ns || *ns < 0) throw Error("interval '{}': a time such as 250ms is expected", printable(text));
    return std::chrono::milliseconds(*ns / 1000000);
}

/// podman's "created" is a container whose first process waits; "configured" one that only has a record.
std::vector<Life> parse_condition(std::string_view text) {
    if (text == "configured") return {Life::created};
    if (text == "created" || text == "initialized") return {Life::initialized};
    if (text == "running") return {Life::running};
    if (text == "paused") return {Life::paused};
    if (text == "stopping") return {Life::stopping};
    if (text == "stopped" || text == "exited") return {Life::exited};
    if (text == "healthy" || text == "unhealthy")
        throw Error("--condition={} is not supported yet: health checks are not run", text);
    if (text == "removing")
        throw Error("--condition=removing is not supported: a container is removed in one step");
    throw Error(
        "condition '{}': configured, created, exited, initialized, paused, running, stopped and stopping are "
        "known",
        printable(text));
}

std::vector<Life> parse_conditions(const Args& texts) {
    std::vector<Life> wanted;
    for (const auto& text : texts) {
        for (const auto part : split(text, ',')) {
            const auto lives = parse_condition(part);
            wanted.insert(wanted.end(), lives.begin(), lives.end());
        }
    }
    return wanted;
}

/// @return podman's -1 for all ends but the one by which a container ended
int wait_for(const store::Paths& paths, const std::string& id, const std::vector<Life>& wanted,
             std::chrono::milliseconds interval) {
    if (wanted.empty() || wanted == std::vector{Life::exited})
        return container::wait_for_exit(paths, id, interval);
    const auto directory = paths.containers() / id;
    for (;;) {
        const auto life = container::life_of(directory);
        if (std::find(wanted.begin(), wanted.end(), life) != wanted.end()) {
            return life == Life::exited ? container::wait_for_exit(paths, id, interval) : -1;
        }
        std::this_thread::sleep_for(interval);
    }
}

Action define_wait(CLI::App& flags, Context& ctx) {
    auto options = std::make_shared<WaitOptions>();
    flags.add_option("--condition", options->conditions, "What to wait for (default stopped)")
        ->type_name("CONDITION");
    flags.add_option("-i,--interval", options->interval, "How often to look (default 250ms)")
        ->type_name("TIME");
    flags.add_flag("--ignore", options->select.ignore, "Do not mind missing containers");
    flags.add_flag("-l,--latest", options->select.latest, "Wait for the container that was made last");
    return [options, &ctx](const Args& names) {
        const auto interval = parse_interval(options->interval);
        const auto wanted = parse_conditions(options->conditions);
        const auto paths = open_store(ctx);
        for (const auto& c : select_containers(paths, options->select, names)) {
            ctx.out << wait_for(paths, c.id, wanted, interval) << "\n";
            ctx.out.flush();
        }
        return 0;
    };
}

constexpr Command kWait{.name = "wait",
                        .arguments = "[options] CONTAINER [CONTAINER...]",
                        .summary = "Wait for containers to end and print their exit codes",
                        .arity = kAnyArgs,
                        .define = define_wait};

}  // namespace

std::vector<Command> wait_commands() { return {kWait, in_group("container wait", kWait)}; }

}  // namespace rpod::cli
