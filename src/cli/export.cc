// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/export.hh"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>

#include "base/strings.hh"
#include "cli/stores.hh"
#include "cli/volume_import.hh"
#include "container/events.hh"
#include "container/find.hh"
#include "container/root_access.hh"
#include "container/volume_store.hh"
#include "image/tree_archive.hh"
#include "sys/file.hh"
#include "sys/output.hh"

namespace rpod::cli {
namespace {

struct ExportOptions {
    std::string output;
};

using Act = std::function<void(const sys::RootedDir&)>;

void archive_to(int fd, const std::string& what, const std::function<void(const Act&)>& with_root) {
    with_root([fd, &what](const sys::RootedDir& root) { image::write_tree(root, fd, what); });
}

void require_no_terminal(const ExportOptions& o) {
    if (o.output.empty() && ::isatty(STDOUT_FILENO))
        throw Error("refusing to export to terminal. Use -o flag or redirect");
}

int write_archive(const ExportOptions& o, const std::function<void(const Act&)>& with_root) {
    if (o.output.empty()) {
        archive_to(STDOUT_FILENO, "standard output", with_root);
        return 0;
    }
    sys::OutputFile file(o.output);
    archive_to(file.fd(), fmt::format("'{}'", o.output), with_root);
    file.commit();
    return 0;
}

int export_container(const Context& ctx, const ExportOptions& o, const std::string& name) {
    require_no_terminal(o);
    const auto paths = open_store(ctx);
    const auto id = container::find_container(paths, name).id;
    const int code =
        write_archive(o, [&](const Act& act) { container::with_container_root(paths, id, act); });
    container::note_event_of(paths, id, "export");
    return code;
}

int export_volume(const Context& ctx, const ExportOptions& o, const std::string& name) {
    require_no_terminal(o);
    const auto paths = open_store(ctx);
    const auto volume = container::find_volume(paths, name);
    if (!volume) throw Error("no volume with name \"{}\" found: no such volume", printable(name));
    return write_archive(o, [&](const Act& act) { container::with_volume_root(paths, volume->name, act); });
}

std::shared_ptr<ExportOptions> define_output(CLI::App& flags) {
    auto o = std::make_shared<ExportOptions>();
    flags.add_option("-o,--output", o->output, "Write to this file instead of standard output")
        ->type_name("FILE");
    return o;
}

Action define_export(CLI::App& flags, Context& ctx) {
    return [o = define_output(flags), &ctx](const Args& args) { return export_container(ctx, *o, args[0]); };
}

Action define_volume_export(CLI::App& flags, Context& ctx) {
    return [o = define_output(flags), &ctx](const Args& args) { return export_volume(ctx, *o, args[0]); };
}

}  // namespace

std::vector<Command> export_commands() {
    const Command command{.name = "export",
                          .arguments = "[options] CONTAINER",
                          .summary = "Write the file system of a container as a tar archive",
                          .arity = {.min = 1, .max = 1},
                          .define = define_export};
    return {command,
            in_group("container export", command),
            {.name = "volume export",
             .arguments = "[options] VOLUME",
             .summary = "Write the content of a volume as a tar archive",
             .arity = {.min = 1, .max = 1},
             .define = define_volume_export},
            volume_import_command()};
}

}  // namespace rpod::cli
