// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/copy.hh"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/strings.hh"
#include "cli/stores.hh"
#include "container/copy.hh"
#include "container/find.hh"

namespace rpod::cli {
namespace {

struct CopyFlags {
    bool archive = true;
    bool overwrite = false;
};

/// "CONTAINER:PATH", or a path of the host: what begins with '.' or '/', or has no ':'.
container::CopyPlace parse_place(const std::string& text) {
    const size_t colon = text.find(':');
    const bool on_host = text.starts_with('.') || text.starts_with('/') || colon == std::string::npos;
    container::CopyPlace place;
    if (!on_host) place.name = text.substr(0, colon);
    place.path = on_host ? text : text.substr(colon + 1);
    if (on_host && (place.path == "/dev/stdin" || place.path == "/dev/stdout")) place.path = "-";
    return place;
}

void find_container(const store::Paths& paths, container::CopyPlace& place) {
    if (place.name.empty()) return;
    const auto id = container::lookup_container(paths, place.name);
    if (!id) throw Error("container \"{}\" does not exist", printable(place.name));
    place.container = *id;
}

int run_copy(Context& ctx, const CopyFlags& o, const Args& args) {
    auto from = parse_place(args[0]);
    auto to = parse_place(args[1]);
    if (from.path.empty() || to.path.empty())
        throw Error("invalid arguments \"{}\", \"{}\": you must specify paths", printable(args[0]),
                    printable(args[1]));
    if (from.name.empty() && to.name.empty())
        throw Error("invalid arguments \"{}\", \"{}\": you must specify one container", printable(args[0]),
                    printable(args[1]))
            .with_hint("a path of a container is written CONTAINER:PATH");
    if (to.name.empty() && to.path == "-" && ::isatty(STDOUT_FILENO))
        throw Error("refusing to write an archive to a terminal").with_hint("redirect standard output");
    const auto paths = open_store(ctx);
    find_container(paths, from);
    find_container(paths, to);
    container::copy_files(paths, from, to,
                          {.give_to_user = o.archive, .overwrite = o.overwrite, .in = ctx.in});
    return 0;
}

Action define_copy(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<CopyFlags>();
    flags.add_flag("-a,--archive", o->archive,
                   "Give what is copied into a container to its user (default true)");
    flags.add_flag("--overwrite", o->overwrite,
                   "Let directories take the place of files, and the other way round");
    return [o, &ctx](const Args& args) { return run_copy(ctx, *o, args); };
}

}  // namespace

std::vector<Command> copy_commands() {
    const Command command{.name = "cp",
                          .arguments = "[options] [CONTAINER:]SRC_PATH [CONTAINER:]DEST_PATH",
                          .summary = "Copy files between a container and the host",
                          .arity = {.min = 2, .max = 2},
                          .define = define_copy};
    return {command, in_group("container cp", command)};
}

}  // namespace rpod::cli
