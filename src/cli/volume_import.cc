// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/volume_import.hh"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "base/strings.hh"
#include "cli/stores.hh"
#include "container/root_access.hh"
#include "container/volume_store.hh"
#include "image/tree_unpack.hh"
#include "sys/file.hh"

namespace rpod::cli {
namespace {

int import_volume(Context& ctx, const Args& args) {
    const bool from_stdin = args.size() < 2 || args[1] == "-";
    if (from_stdin && ::isatty(ctx.in))
        throw Error("cannot read from terminal, use command-line redirection");
    const auto paths = open_store(ctx);
    const auto volume = container::find_volume(paths, args[0]);
    if (!volume) throw Error("no such volume {}", printable(args[0]));
    const auto file = from_stdin ? sys::Fd() : sys::open_file(args[1], O_RDONLY);
    image::FdSource source(from_stdin ? ctx.in : file.get(),
                           from_stdin ? "standard input" : fmt::format("'{}'", printable(args[1])));
    container::with_volume_root(paths, volume->name, [&](const sys::RootedDir& root) {
        image::unpack_archive(source, root, "", {.with_root = true});
    });
    return 0;
}

Action define_import(CLI::App&, Context& ctx) {
    return [&ctx](const Args& args) { return import_volume(ctx, args); };
}

}  // namespace

Command volume_import_command() {
    return {.name = "volume import",
            .arguments = "VOLUME [FILE|-]",
            .summary = "Unpack a tar archive into a volume",
            .arity = {.min = 1, .max = 2},
            .define = define_import};
}

}  // namespace rpod::cli
