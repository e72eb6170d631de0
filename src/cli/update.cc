// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/update.hh"

#include <CLI/CLI.hpp>
#include <array>
#include <memory>
#include <optional>
#include <ostream>

#include "base/error.hh"
#include "cli/refused_options.hh"
#include "cli/stores.hh"
#include "container/find.hh"
#include "container/snapshot.hh"
#include "container/update.hh"

namespace rpod::cli {
namespace {

// clang-format off
constexpr std::array kRefused{
    Refused{"--blkio-weight", kNoLimits}, Refused{"--blkio-weight-device", kNoLimits}, Refused{"--cpu-period", kNoLimits},
    Refused{"--cpu-quota", kNoLimits}, Refused{"--cpu-rt-period", kNoLimits}, Refused{"--cpu-rt-runtime", kNoLimits},
    Refused{"-c,--cpu-shares", kNoLimits}, Refused{"--cpus", kNoLimits}, Refused{"--cpuset-cpus", kNoLimits},
    Refused{"--cpuset-mems", kNoLimits}, Refused{"--device-read-bps", kNoLimits}, Refused{"--device-read-iops", kNoLimits},
    Refused{"--device-write-bps", kNoLimits}, Refused{"--device-write-iops", kNoLimits}, Refused{"-m,--memory", kNoLimits},
    Refused{"--memory-reservation", kNoLimits}, Refused{"--memory-swap", kNoLimits}, Refused{"--memory-swappiness", kNoLimits},
    Refused{"--pids-limit", kNoLimits}};
// clang-format on

struct UpdateOptions {
    bool latest = false;
    std::optional<std::string> restart;
};

std::string which(const store::Paths& paths, const UpdateOptions& o, const Args& args) {
    if (o.latest && !args.empty()) throw Error("--latest and a container cannot be used together");
    if (o.latest) return container::latest_container(paths);
    if (args.empty()) throw Error("you must name the container that is to be changed, or use --latest");
    return container::find_container(paths, args.front()).id;
}

int run_update(Context& ctx, const UpdateOptions& o, const Args& args) {
    const auto paths = open_store(ctx);
    const auto id = which(paths, o, args);
    if (!o.restart)
        throw Error("update {}: nothing is to be changed: --restart is missing", id.substr(0, 12));
    container::update_restart(paths, id, *o.restart);
    ctx.out << id << "\n";
    return 0;
}

Action define_update(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<UpdateOptions>();
    flags.add_flag("-l,--latest", o->latest, "The container that was made last");
    flags
        .add_option("--restart", o->restart,
                    "When to start it again: no, on-failure[:N], always, unless-stopped")
        ->type_name("POLICY");
    add_refused_flags(flags, kRefused, ctx.words);
    return [o, &ctx](const Args& args) { return run_update(ctx, *o, args); };
}

constexpr Command kUpdate{.name = "update",
                          .arguments = "[options] CONTAINER",
                          .summary = "Change a container that exists",
                          .arity = {.min = 0, .max = 1},
                          .define = define_update};

}  // namespace

std::vector<Command> update_commands() { return {kUpdate, in_group("container update", kUpdate)}; }

}  // namespace rpod::cli
