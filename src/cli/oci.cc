// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/oci.hh"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "container/bundle.hh"
#include "oci/runtime_spec.hh"
#include "sys/file.hh"

namespace rpod::cli {
namespace {

struct BundleOptions {
    std::string bundle = ".";
};

void add_bundle(CLI::App& flags, BundleOptions& options) {
    flags.add_option("-b,--bundle", options.bundle, "Directory with config.json and the root file system")
        ->type_name("DIR");
}

Action define_spec(CLI::App& flags, Context&) {
    auto options = std::make_shared<BundleOptions>();
    add_bundle(flags, *options);
    // crun and runc need it said; here there is no other kind.
    auto rootless = std::make_shared<bool>(true);
    flags.add_flag("--rootless", *rootless, "Always so: accepted for scripts");
    return [options, rootless](const Args&) {
        const auto path = options->bundle + "/config.json";
        const auto fd = sys::open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
        sys::write_all(fd.get(), oci::default_runtime_spec(::geteuid(), ::getegid()).to_json(4) + "\n", path);
        return 0;
    };
}

Action define_run(CLI::App& flags, Context& ctx) {
    auto options = std::make_shared<BundleOptions>();
    add_bundle(flags, *options);
    return [options, &ctx](const Args& args) {
        const auto paths = store::Paths::locate(ctx.global.root, ctx.global.runroot);
        store::open_root(paths);
        return container::run_bundle(paths, args[0], options->bundle);
    };
}

}  // namespace

std::vector<Command> oci_commands() {
    return {{.name = "oci", .summary = "Run OCI bundles, as runc and crun do"},
            {.name = "oci spec",
             .arguments = "[options]",
             .summary = "Write a config.json to start from",
             .arity = kNoArgs,
             .define = define_spec},
            {.name = "oci run",
             .arguments = "[options] ID",
             .summary = "Run a bundle until it ends",
             .arity = {.min = 1, .max = 1},
             .define = define_run}};
}

}  // namespace rpod::cli
