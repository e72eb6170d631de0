// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "base/error.hh"
#include "base/log.hh"
#include "cli/clone.hh"
#include "cli/container_select.hh"
#include "cli/images.hh"
#include "cli/pods.hh"
#include "cli/storage_driver.hh"
#include "container/create.hh"
#include "container/publish.hh"
#include "container/run.hh"
#include "pod/life.hh"
#include "pod/record.hh"

namespace rpod::cli {
namespace {

struct PodCloneOptions {
    std::string name;
    bool destroy = false, start = false;
};

/// The pod, without members. Ports of the host that were named stay what they are; others are new ones.
pod::PodConfig copy_pod(const store::Paths& paths, pod::PodConfig config, const std::string& name) {
    config.base.id.clear();
    config.base.name = name.empty() ? clone_name(paths, config.base.name) : name;
    container::choose_ports(config.base, nullptr);
    pod::create_pod(paths, config);
    return config;
}

void copy_members(const Context& ctx, const image::ImageStore& images, const std::string& original,
                  const std::string& copy) {
    const auto& paths = images.paths();
    for (const auto& member : pod::member_ids(paths, original)) {
        const auto before = container::read_config(paths.containers() / member);
        auto config = copy_of(images, before);
        config.name = clone_name(paths, before.name);
        config.pod = copy;
        if (named_storage_driver(ctx)) choose_storage_driver(ctx, paths, config);
        container::create_container(paths, config, false);
    }
}

int run_clone(Context& ctx, const PodCloneOptions& o, const Args& args) {
    if (!o.name.empty() && args.size() > 1)
        throw Error("a name is given twice: by --name and as an argument");
    const auto images = open_images(ctx);
    const auto& paths = images.paths();
    pod::sweep_pods(paths);
    const auto original = pod::find_pod(paths, args[0]);
    const auto name = args.size() > 1 ? args[1] : o.name;
    const auto copy = copy_pod(paths, pod::read_pod(paths, original), name).base.id;
    try {
        copy_members(ctx, images, original, copy);
    } catch (...) {
        pod::remove_pod(paths, copy, {.force = true, .stop_seconds = 0});
        throw;
    }
    if (o.destroy) pod::remove_pod(paths, original, {.force = true, .stop_seconds = {}});
    pod::Failures failures;
    if (o.start) failures = pod::start_pod(paths, copy);
    for (const auto& failure : failures) print_error(ctx, failure.error);
    ctx.out << copy << "\n";
    return failures.empty() ? 0 : kExitFailed;
}

Action define_clone(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<PodCloneOptions>();
    flags.add_flag("--destroy", o->destroy, "Remove the original, also where it runs");
    flags.add_option("-n,--name", o->name, "Name of the copy (default: ORIGINAL-clone)")->type_name("NAME");
    flags.add_flag("--start", o->start, "Start the copy");
    return [o, &ctx](const Args& args) { return run_clone(ctx, *o, args); };
}

}  // namespace

std::vector<Command> pod_clone_commands() {
    return {{.name = "pod clone",
             .arguments = "[options] POD [NAME]",
             .summary = "Make a pod, and its containers, as another one was made",
             .arity = {.min = 1, .max = 2},
             .define = define_clone}};
}

}  // namespace rpod::cli
