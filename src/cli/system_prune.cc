// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// system prune: all that nothing uses.
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "base/strings.hh"
#include "base/time.hh"
#include "cli/ask.hh"
#include "cli/container_select.hh"
#include "cli/images.hh"
#include "cli/prune.hh"
#include "cli/system_store.hh"

namespace rpod::cli {
namespace {

struct PruneOptions {
    bool all = false, force = false, volumes = false;
    Args filters;
};

std::string question(const PruneOptions& o) {
    return fmt::format(
        "WARNING! This command removes:\n"
        "\t- all pods that have ended, with their containers\n"
        "\t- all stopped containers\n"
        "{}\t- all {}\n\n"
        "Are you sure you want to continue? [y/N] ",
        o.volumes ? "\t- all volumes not used by at least one container\n" : "",
        o.all ? "images without at least one container associated with them" : "dangling images");
}

/// What makes sense for containers, images and volumes alike.
void check_filters(const Args& filters) {
    for (const auto& filter : filters) {
        const auto key = split(filter, '=', 2)[0];
        if (key != "label" && key != "label!" && key != "until")
            throw Error("filter '{}': label, label! and until are known", printable(key));
    }
}

/// @return the exit code
int report(Context& ctx, const char* what, const Pruned& pruned, uint64_t& bytes) {
    if (!pruned.names.empty()) ctx.out << "Deleted " << what << "\n";
    for (const auto& name : pruned.names) ctx.out << name << "\n";
    for (const auto& e : pruned.failures) print_error(ctx, e);
    bytes += pruned.bytes;
    return pruned.failures.empty() ? 0 : pruned.failures.front().exit_code();
}

int run_prune(Context& ctx, const PruneOptions& o) {
    check_filters(o.filters);
    const auto store = open_images(ctx);
    if (!o.force && !ask(ctx, question(o))) return 0;
    uint64_t bytes = 0;
    // Containers first: they use what comes next.
    const int pods = report(ctx, "Pods", prune_pods(store.paths(), o.filters), bytes);
    const int code = report(ctx, "Containers", prune_containers(store, o.filters, Measure::yes), bytes);
    if (o.volumes) report(ctx, "Volumes", prune_volumes(store.paths(), o.filters, Measure::yes), bytes);
    report(ctx, "Images", prune_images(store, o.filters, o.all), bytes);
    ctx.out << "Total reclaimed space: " << human_size(bytes) << "\n";
    return pods ? pods : code;
}

}  // namespace

Action define_system_prune(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<PruneOptions>();
    flags.add_flag("-a,--all", o->all, "Remove all images that no container uses, not only nameless ones");
    flags.add_option("--filter", o->filters, "Only what was made before (until) or has a label")
        ->type_name("KEY=VALUE");
    flags.add_flag("-f,--force", o->force, "Do not ask");
    flags.add_flag("--volumes", o->volumes, "Remove volumes that no container uses, too");
    return [o, &ctx](const Args&) { return run_prune(ctx, *o); };
}

}  // namespace rpod::cli
