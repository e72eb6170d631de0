// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/export.hh"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/stores.hh"
#include "container/find.hh"
#include "container/root_access.hh"
#include "image/tree_archive.hh"
#include "sys/file.hh"

namespace rpod::cli {
namespace {

struct ExportOptions {
    std::string output;
};

void export_to(const store::Paths& paths, const std::string& id, int fd, const std::string& what) {
    container::with_container_root(paths, id, [fd, &what](const sys::RootedDir& root) {
        image::TarWriter writer([fd, &what](std::string_view bytes) { sys::write_all(fd, bytes, what); });
        image::archive_tree(root, writer);
        writer.finish();
    });
}

int run_export(const Context& ctx, const ExportOptions& o, const std::string& name) {
    if (o.output.empty() && ::isatty(STDOUT_FILENO))
        throw Error("refusing to export to terminal. Use -o flag or redirect");
    const auto paths = open_store(ctx);
    const auto id = container::find_container(paths, name).id;
    if (o.output.empty()) {
        export_to(paths, id, STDOUT_FILENO, "standard output");
        return 0;
    }
    const auto fd = sys::open_file(o.output, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    export_to(paths, id, fd.get(), fmt::format("'{}'", o.output));
    return 0;
}

Action define_export(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<ExportOptions>();
    flags.add_option("-o,--output", o->output, "Write to this file instead of standard output")
        ->type_name("FILE");
    return [o, &ctx](const Args& args) { return run_export(ctx, *o, args[0]); };
}

}  // namespace

std::vector<Command> export_commands() {
    const Command command{.name = "export",
                          .arguments = "[options] CONTAINER",
                          .summary = "Write the file system of a container as a tar archive",
                          .arity = {.min = 1, .max = 1},
                          .define = define_export};
    return {command, in_group("container export", command)};
}

}  // namespace rpod::cli
