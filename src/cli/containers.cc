// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/containers.hh"

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <ostream>

#include "base/strings.hh"
#include "cli/ask.hh"
#include "cli/container_select.hh"
#include "cli/images.hh"
#include "cli/prune.hh"
#include "container/create.hh"
#include "container/events.hh"
#include "container/find.hh"
#include "container/remove.hh"
#include "sys/file.hh"

namespace rpod::cli {
namespace {

using container::Life;

constexpr int kExitNoSuchContainer = 1;

struct RemoveOptions {
    SelectOptions select;
    container::RemoveRequest request;
};

/// The argument is judged one by one: what can be removed is.
int remove_each(const store::Paths& paths, const RemoveOptions& options, const Args& names, Context& ctx) {
    int code = 0;
    for (const auto& name : names) {
        std::string id;
        try {
            id = container::find_container(paths, name).id;
        } catch (const Error& e) {
            if (options.request.force || options.select.ignore) continue;
            print_error(ctx, e);
            if (code == 0) code = kExitNoSuchContainer;
            continue;
        }
        const int failed = for_each_container(ctx, {SelectedContainer{name, id}}, [&](const auto& c) {
            container::remove_container(paths, c.id, options.request);
        });
        if (code == 0) code = failed;
    }
    return code;
}

Action define_rm(CLI::App& flags, Context& ctx) {
    auto options = std::make_shared<RemoveOptions>();
    auto& select = options->select;
    flags.add_flag("-a,--all", select.all, "Remove all containers");
    flags.add_flag("-f,--force", options->request.force,
                   "Kill running containers first; do not mind missing ones");
    flags.add_flag("-i,--ignore", select.ignore, "Do not mind missing containers");
    flags.add_flag("-l,--latest", select.latest, "Remove the container that was made last");
    flags
        .add_option("-t,--time", options->request.stop_seconds,
                    "With --force, let running ones end by their stop signal, for so long")
        ->type_name("SECONDS");
    flags.add_flag("-v,--volumes", options->request.anonymous_volumes, "Remove their anonymous volumes, too");
    flags.add_option("--cidfile", select.cidfiles, "Remove the container whose ID is in the file")
        ->type_name("FILE");
    return [options, &ctx](const Args& names) {
        if (options->request.stop_seconds && !options->request.force)
            throw Error("--force option must be specified to use the --time option");
        const auto paths = open_store(ctx);
        int code = 0;
        if (!names.empty() && options->select.cidfiles.empty() && !options->select.all &&
            !options->select.latest) {
            code = remove_each(paths, *options, names, ctx);
        } else {
            auto which = options->select;
            which.ignore = which.ignore || options->request.force;
            code = for_each_container(ctx, select_containers(paths, which, names), [&](const auto& c) {
                container::remove_container(paths, c.id, options->request);
            });
        }
        container::sweep_containers(paths);
        return code;
    };
}

Action define_rename(CLI::App&, Context& ctx) {
    return [&ctx](const Args& args) {
        const auto paths = open_store(ctx);
        container::rename_container(paths, container::find_container(paths, args[0]).id, args[1]);
        return 0;
    };
}

struct CleanupOptions {
    SelectOptions select;
    bool remove = false;
};

Action define_cleanup(CLI::App& flags, Context& ctx) {
    auto options = std::make_shared<CleanupOptions>();
    flags.add_flag("-a,--all", options->select.all, "All containers that do not run");
    flags.add_flag("-l,--latest", options->select.latest, "The container that was made last");
    flags.add_flag("--rm", options->remove, "Remove them, too");
    return [options, &ctx](const Args& names) {
        const auto paths = open_store(ctx);
        const auto selected = select_containers(paths, options->select, names, {Life::created, Life::exited});
        const int code = for_each_container(ctx, selected, [&](const auto& c) {
            const auto life = container::life_of(paths.containers() / c.id);
            if (!container::is_idle(life))
                throw Error(
                    "container {} is running or paused, refusing to clean up: container state improper",
                    c.id);
            if (options->remove) return container::remove_container(paths, c.id, {});
            // Mounts went with the monitor; this is what a killed one leaves.
            const auto lock = container::lock_container(paths.containers() / c.id);
            container::wait_for_monitor(paths.containers() / c.id);
            sys::remove_tree_at(AT_FDCWD, paths.run() / c.id);
            container::note_event_of(paths, c.id, "cleanup");
        });
        container::sweep_containers(paths);
        return code;
    };
}

struct PruneOptions {
    Args filters;
    bool force = false;
};

Action define_prune(CLI::App& flags, Context& ctx) {
    auto options = std::make_shared<PruneOptions>();
    flags.add_flag("-f,--force", options->force, "Do not ask");
    flags.add_option("--filter", options->filters, "Only those for which it holds, as for ps")
        ->type_name("KEY=VALUE");
    return [options, &ctx](const Args&) {
        if (!options->force && !ask(ctx,
                                    "WARNING! This will remove all non running containers.\n"
                                    "Are you sure you want to continue? [y/N] "))
            return 0;
        const auto pruned = prune_containers(open_images(ctx), options->filters, Measure::no);
        for (const auto& id : pruned.names) ctx.out << id << "\n";
        for (const auto& e : pruned.failures) print_error(ctx, e);
        return pruned.failures.empty() ? 0 : pruned.failures.front().exit_code();
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

constexpr Command kRm{.name = "rm",
                      .arguments = "[options] CONTAINER [CONTAINER...]",
                      .summary = "Remove containers",
                      .arity = kAnyArgs,
                      .define = define_rm};
constexpr Command kRename{.name = "rename",
                          .arguments = "CONTAINER NAME",
                          .summary = "Give a container another name",
                          .arity = {.min = 2, .max = 2},
                          .define = define_rename};

}  // namespace

std::vector<Command> container_commands() {
    return {kRm,
            in_group("container rm", kRm),
            kRename,
            in_group("container rename", kRename),
            {.name = "container cleanup",
             .arguments = "[options] CONTAINER [CONTAINER...]",
             .summary = "Remove what a killed container has left",
             .arity = kAnyArgs,
             .define = define_cleanup},
            {.name = "container prune",
             .arguments = "[options]",
             .summary = "Remove all containers that do not run",
             .arity = kNoArgs,
             .define = define_prune},
            {.name = "container exists",
             .arguments = "CONTAINER",
             .summary = "Tell by the exit code whether a container exists",
             .arity = {.min = 1, .max = 1},
             .define = define_exists}};
}

}  // namespace rpod::cli
