// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/clone.hh"

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "cli/images.hh"
#include "cli/run_options.hh"
#include "cli/storage_driver.hh"
#include "container/create.hh"
#include "container/find.hh"
#include "container/remove.hh"
#include "container/run.hh"
#include "container/start.hh"
#include "pod/start.hh"
#include "store/names.hh"

namespace rpod::cli {

using container::ContainerConfig;

std::string clone_name(const store::Paths& paths, const std::string& original) {
    const auto taken = [&](const std::string& name) {
        return store::is_name_taken(paths.containers(), name) || store::is_name_taken(paths.pods(), name);
    };
    auto name = original + "-clone";
    for (int n = 1; taken(name); ++n) name = fmt::format("{}-clone{}", original, n);
    return name;
}

ContainerConfig copy_of(const image::ImageStore& images, ContainerConfig config) {
    config.id.clear();
    config.cidfile.clear();
    config.pidfile.clear();
    config.conmon_pidfile.clear();
    config.volumes_from.clear();
    if (config.rootfs) return config;
    const auto named = images.find(config.image);
    if (!named || named->id.hex() != config.image_id) config.image = config.image_id;
    return config;
}

namespace {

struct CloneOptions {
    std::string name;
    bool destroy = false, force = false, run = false;
};

int run_clone(Context& ctx, const CloneOptions& o, const Args& args) {
    if (o.force && !o.destroy) throw Error("cannot set --force without --destroy");
    if (!o.name.empty() && args.size() > 1)
        throw Error("a name is given twice: by --name and as an argument");
    const auto images = open_images(ctx);
    const auto& paths = images.paths();
    const auto original = container::find_container(paths, args[0]).id;
    const auto before = container::read_config(paths.containers() / original);
    auto config = copy_of(images, before);
    config.name = args.size() > 1 ? args[1] : !o.name.empty() ? o.name : clone_name(paths, before.name);
    if (args.size() > 2) {
        config.image = args[2];
        config.rootfs.reset();
    }
    // That of the original, where none is named now.
    if (named_storage_driver(ctx) || before.rootfs) choose_storage_driver(ctx, paths, config);
    container::create_container(paths, config, false);
    if (o.destroy) {
        container::remove_container(paths, original, {.force = o.force, .stop_seconds = {}});
        container::sweep_containers(paths);
    }
    if (o.run) container::start_container(paths, config.id, {.attached = false}, pod::start_in_place);
    ctx.out << config.id << "\n";
    return 0;
}

Action define_clone(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<CloneOptions>();
    flags.add_flag("--destroy", o->destroy, "Remove the original");
    flags.add_flag("-f,--force", o->force, "With --destroy, also where it runs");
    flags.add_option("--name", o->name, "Name of the copy (default: ORIGINAL-clone)")->type_name("NAME");
    flags.add_flag("--run", o->run, "Start the copy");
    // Limits, as for run.
    add_refused_run_flags(flags, ctx.words);
    return [o, &ctx](const Args& args) { return run_clone(ctx, *o, args); };
}

}  // namespace

std::vector<Command> clone_commands() {
    return {{.name = "container clone",
             .arguments = "[options] CONTAINER [NAME [IMAGE]]",
             .summary = "Make a container as another one was made",
             .arity = {.min = 1, .max = 3},
             .define = define_clone}};
}

}  // namespace rpod::cli
