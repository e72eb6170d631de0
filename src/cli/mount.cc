// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/mount.hh"

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "base/strings.hh"
#include "cli/container_select.hh"
#include "cli/report.hh"
#include "cli/stores.hh"
#include "container/create.hh"
#include "container/root_mount.hh"

namespace rpod::cli {
namespace {

/// Elsewhere the mount would be seen by the command alone, and gone with it.
container::UnshareShell require_unshare(const Context& ctx, std::string_view command) {
    if (auto shell = container::find_unshare_shell()) return *std::move(shell);
    throw Error("cannot run command \"{0} {1}\" in rootless mode, must execute `{0} unshare` first",
                ctx.program, command);
}

struct MountOptions {
    SelectOptions select;
    std::string format;
    bool whole_ids = false;
};

DataObject row(const store::Paths& paths, const container::RootMount& mount) {
    DataObject object{.type = "containers.mountReporter"};
    object.add("id", mount.id)
        .add("Names", Data::strings({container::current_name(paths.containers() / mount.id, "")}))
        .add("mountpoint", mount.path.native());
    return object;
}

int list_mounts(Context& ctx, const store::Paths& paths, const MountOptions& o,
                const container::UnshareShell& shell) {
    if (!o.format.empty() && o.format != "json")
        throw Error("unknown --format argument: {}", printable(o.format));
    const auto mounts = container::list_root_mounts(paths, shell);
    if (o.format.empty()) {
        for (const auto& mount : mounts)
            ctx.out << (o.whole_ids ? mount.id : mount.id.substr(0, 12)) << "  " << mount.path.native()
                    << "\n";
        return 0;
    }
    DataList items;
    for (const auto& mount : mounts) items.emplace_back(row(paths, mount));
    ctx.out << render({.command = "mount", .items = std::move(items), .json_indent = 1}, "json");
    return 0;
}

/// What cannot be mounted is told, the others are mounted.
int mount_selected(Context& ctx, const store::Paths& paths, const MountOptions& o, const Args& names,
                   const container::UnshareShell& shell) {
    int code = 0;
    for (const auto& selected : select_containers(paths, o.select, names)) {
        try {
            ctx.out << container::mount_root(paths, selected.id, shell).native() << "\n";
            ctx.out.flush();
        } catch (const Error& e) {
            print_error(ctx, e);
            if (code == 0) code = e.exit_code();
        }
    }
    return code;
}

Action define_mount(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<MountOptions>();
    flags.add_flag("-a,--all", o->select.all, "Mount all containers");
    flags.add_option("--format", o->format, "json: show what is mounted as JSON")->type_name("FORMAT");
    flags.add_flag("-l,--latest", o->select.latest, "Mount the container that was made last");
    flags.add_flag("--notruncate", o->whole_ids, "Show whole IDs");
    return [o, &ctx](const Args& names) {
        const auto shell = require_unshare(ctx, "mount");
        const auto paths = open_store(ctx);
        if (names.empty() && !o->select.all && !o->select.latest) return list_mounts(ctx, paths, *o, shell);
        return mount_selected(ctx, paths, *o, names, shell);
    };
}

struct UnmountOptions {
    SelectOptions select;
    bool force = false;
};

Action define_unmount(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<UnmountOptions>();
    flags.add_flag("-a,--all", o->select.all, "Unmount all that are mounted");
    flags.add_flag("-f,--force", o->force, "At once, however often they were mounted");
    flags.add_flag("-l,--latest", o->select.latest, "Unmount the container that was made last");
    return [o, &ctx](const Args& names) {
        const auto shell = require_unshare(ctx, "unmount");
        const auto paths = open_store(ctx);
        auto selected = select_containers(paths, o->select, names);
        if (o->select.all) {
            selected.clear();
            for (const auto& mount : container::list_root_mounts(paths, shell))
                selected.push_back({.shown = mount.id, .id = mount.id});
        }
        for (auto& s : selected) s.shown = s.id;
        return for_each_container(
            ctx, selected, [&](const auto& c) { container::unmount_root(paths, c.id, shell, o->force); });
    };
}

}  // namespace

std::vector<Command> mount_commands() {
    const Command mount{.name = "mount",
                        .arguments = "[options] [CONTAINER...]",
                        .summary = "Mount the root file system of containers, within `rpod unshare`",
                        .arity = kAnyArgs,
                        .define = define_mount};
    const Command unmount{.name = "unmount",
                          .arguments = "[options] CONTAINER [CONTAINER...]",
                          .summary = "Unmount the root file system of containers",
                          .arity = kAnyArgs,
                          .define = define_unmount};
    return {mount,
            in_group("container mount", mount),
            unmount,
            in_group("umount", unmount),
            in_group("container unmount", unmount),
            in_group("container umount", unmount)};
}

}  // namespace rpod::cli
