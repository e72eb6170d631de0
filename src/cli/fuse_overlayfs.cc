// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/fuse_overlayfs.hh"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "base/log.hh"
#include "overlay/mount_options.hh"
#include "overlay/overlay_mount.hh"
#include "sys/process.hh"

namespace rpod::cli {
namespace {

struct FuseOverlayfsOptions {
    std::vector<std::string> words;
    bool foreground = false;
    bool debug = false;
    bool version = false;
};

/// The process that lives on: nobody's terminal, nobody's directory.
int serve_detached(overlay::OverlayMount& mount) {
    check(::setsid(), "leave the terminal");
    check(::chdir("/"), "leave the directory");
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) sys::point_at_null(fd);
    return mount.serve();
}

int run_fuse_overlayfs(const FuseOverlayfsOptions& options, const std::string& path) {
    if (options.debug) log::init("debug");
    // The server shall not keep open what its caller waits to be closed.
    if (!options.foreground) sys::close_descriptors_except({});
    overlay::OverlayMount mount(overlay::parse_mount_options(options.words), path);
    if (options.foreground) return mount.serve();
    sys::fork_child("rpod:overlay", [&] { return serve_detached(mount); });
    return 0;
}

Action define_fuse_overlayfs(CLI::App& flags, Context& ctx) {
    auto options = std::make_shared<FuseOverlayfsOptions>();
    flags.add_option("-o", options->words, "Comma-separated options; may be given several times")
        ->type_name("OPTION[,...]");
    flags.add_flag("-f,--foreground", options->foreground, "Stay in the foreground");
    flags.add_flag("-d,--debug", options->debug, "Tell of every request; stay in the foreground");
    flags.add_flag("-V,--version", options->version, "Show the version");
    return [options, &ctx](const Args& args) {
        if (options->version) {
            ctx.out << fmt::format("fuse-overlayfs: version {} of rpod\n", RPOD_VERSION);
            return 0;
        }
        if (args.empty()) throw UsageError("no mount point given", "See 'rpod fuse-overlayfs --help'");
        options->foreground = options->foreground || options->debug;
        return run_fuse_overlayfs(*options, args[0]);
    };
}

}  // namespace

std::vector<Command> fuse_overlayfs_commands() {
    return {{.name = "fuse-overlayfs",
             .arguments = "[options] MOUNTPOINT",
             .summary = "Mount directories as one, with changes kept in an upper one",
             .arity = {.min = 0, .max = 1},
             .define = define_fuse_overlayfs}};
}

}  // namespace rpod::cli
