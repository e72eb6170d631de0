// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/wait.hh"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <thread>

#include "base/strings.hh"
#include "cli/container_select.hh"
#include "container/control.hh"
#include "container/find.hh"
#include "container/health_state.hh"

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

/// A state of its life, or of its health.
struct Condition {
    Life life = Life::running;
    std::optional<container::Health> health{};
};

/// podman's "created" is a container whose first process waits; "configured" one that only has a record.
Condition parse_condition(std::string_view text) {
    if (text == "configured") return {.life = Life::created};
    if (text == "created" || text == "initialized") return {.life = Life::initialized};
    if (text == "running") return {.life = Life::running};
    if (text == "paused") return {.life = Life::paused};
    if (text == "stopping") return {.life = Life::stopping};
    if (text == "stopped" || text == "exited") return {.life = Life::exited};
    if (text == "healthy") return {.health = container::Health::healthy};
    if (text == "unhealthy") return {.health = container::Health::unhealthy};
    if (text == "removing")
        throw Error("--condition=removing is not supported: a container is removed in one step");
    throw Error(
        "condition '{}': configured, created, exited, healthy, initialized, paused, running, stopped, "
        "stopping "
        "and unhealthy are known",
        printable(text));
}

std::vector<Condition> parse_conditions(const Args& texts) {
    std::vector<Condition> wanted;
    for (const auto& text : texts) {
        for (const auto part : split(text, ',')) wanted.push_back(parse_condition(part));
    }
    return wanted;
}

bool holds(const Condition& condition, const std::filesystem::path& directory, Life life) {
    if (condition.life != life) return false;
    if (!condition.health) return true;
    const auto health = container::read_health(directory);
    if (!health) {
        throw Error("container {} has no defined healthcheck: there is no {} to wait for",
                    directory.filename().native(), container::health_name(*condition.health));
    }
    return health->status == *condition.health;
}

/// @return podman's -1 for all ends but the one by which a container ended
int wait_for(const store::Paths& paths, const std::string& id, const std::vector<Condition>& wanted,
             std::chrono::milliseconds interval) {
    const auto only_end = [](const Condition& c) { return c.life == Life::exited; };
    if (std::all_of(wanted.begin(), wanted.end(), only_end))
        return container::wait_for_exit(paths, id, interval);
    const auto directory = paths.containers() / id;
    for (;;) {
        const auto life = container::life_of(directory);
        if (std::any_of(wanted.begin(), wanted.end(),
                        [&](const Condition& c) { return holds(c, directory, life); })) {
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
