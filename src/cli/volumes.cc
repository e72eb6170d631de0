// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/volumes.hh"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <ostream>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/ask.hh"
#include "cli/container_view.hh"
#include "cli/prune.hh"
#include "cli/report.hh"
#include "cli/stores.hh"
#include "cli/template.hh"
#include "container/parse_env.hh"
#include "container/remove.hh"

namespace rpod::cli {
namespace {

using container::Volume;
using Show = DataObject::Show;

constexpr int kExitUnknown = 1;
constexpr int kExitInUse = 2;

Error no_such_volume(const std::string& name) {
    return Error("no volume with name \"{}\" found: no such volume", printable(name))
        .with_exit_code(kExitUnknown);
}

struct CreateOptions {
    std::string driver = "local";
    std::vector<std::string> labels, options;
    std::optional<uint32_t> uid, gid;
    bool ignore = false;
};

int run_create(Context& ctx, const CreateOptions& o, const Args& args) {
    if (o.driver != "local")
        throw Error("--driver {}: there are no volume drivers but local", printable(o.driver));
    Volume volume;
    if (!args.empty()) volume.name = args[0];
    for (const auto& text : o.labels) container::take_label(volume.labels, text, "label");
    for (const auto& text : o.options) container::take_label(volume.options, text, "opt");
    volume.uid = o.uid;
    volume.gid = o.gid;
    const auto paths = open_store(ctx);
    const auto existing = o.ignore && !args.empty() ? container::find_volume(paths, args[0]) : std::nullopt;
    const bool exists = existing && existing->name == args[0];
    ctx.out << (exists ? existing->name : container::create_volume(paths, std::move(volume)).name) << "\n";
    return 0;
}

struct ListOptions {
    std::vector<std::string> filters;
    std::string format;
    bool no_heading = false, quiet = false;
};

int run_list(Context& ctx, const ListOptions& o) {
    if (o.quiet && !o.format.empty()) throw Error("quiet and format are mutually exclusive");
    const auto paths = open_store(ctx);
    const auto users = container::volume_users(paths);
    const VolumeFilter filter(o.filters, paths, users);
    Report report{.command = "volume ls",
                  .items = {},
                  .headers = {{"Name", "VOLUME NAME"}},
                  .heading = !o.no_heading,
                  .json_indent = 5};
    for (const auto& volume : container::list_volumes(paths)) {
        if (!filter.matches(volume)) continue;
        if (o.quiet) {
            ctx.out << volume.name << "\n";
        } else {
            report.items.emplace_back(make_volume_view(volume, paths, users));
        }
    }
    // As podman: nothing at all where there is nothing, not even headings.
    if (o.quiet || (report.items.empty() && o.format.empty())) return 0;
    ctx.out << render(report, o.format.empty() ? "table {{.Driver}}\t{{.Name}}" : o.format);
    return 0;
}

struct InspectOptions {
    bool all = false;
    std::string format;
};

int run_inspect(Context& ctx, const InspectOptions& o, const Args& args) {
    if (o.all == !args.empty()) throw Error("provide one or more volume names or use --all");
    const auto paths = open_store(ctx);
    const auto users = container::volume_users(paths);
    DataList found;
    std::vector<std::string> problems;
    if (o.all) {
        for (const auto& volume : container::list_volumes(paths))
            found.emplace_back(make_volume_view(volume, paths, users));
    }
    for (const auto& name : args) {
        const auto volume = container::find_volume(paths, name);
        if (volume) {
            found.emplace_back(make_volume_view(*volume, paths, users));
        } else {
            problems.push_back(no_such_volume(name).what());
        }
    }
    if (o.format.empty() || o.format == "json") {
        ctx.out << Data(found).to_json().dump(5) << "\n";
    } else {
        const Template format("volume inspect", o.format);
        for (const auto& item : found) ctx.out << format.run(item) << "\n";
    }
    if (!problems.empty()) throw Error("inspecting object: {}", join(problems, "\ninspecting object: "));
    return 0;
}

struct RemoveOptions {
    bool all = false, force = false;
    std::optional<unsigned> time;
};

void remove_one(const store::Paths& paths, const Volume& volume, bool force) {
    const auto users = container::volume_users(paths);
    const auto used = users.find(volume.name);
    if (used != users.end() && force) {
        for (const auto& id : used->second)
            container::remove_container(paths, id, {.force = true, .stop_seconds = {}});
    }
    if (!container::remove_volumes(paths, {volume.name}).empty()) return;
    throw Error("volume {} is being used by the following container(s): {}: volume is being used",
                volume.name, used == users.end() ? "" : join(used->second, ", "))
        .with_exit_code(kExitInUse);
}

int run_rm(Context& ctx, const RemoveOptions& o, Args args) {
    if (o.all == !args.empty()) throw Error("choose either the --all flag or one or more volumes");
    if (o.time)
        throw Error("volume rm --time: not supported, containers that use the volume are killed at once");
    const auto paths = open_store(ctx);
    if (o.all) {
        for (const auto& volume : container::list_volumes(paths)) args.push_back(volume.name);
    }
    int code = 0;
    for (const auto& name : args) {
        try {
            const auto volume = container::find_volume(paths, name);
            if (!volume && o.force) continue;
            if (!volume) throw no_such_volume(name);
            remove_one(paths, *volume, o.force);
            ctx.out << name << "\n";
        } catch (const Error& e) {
            ctx.err << "Error: " << e.what() << "\n";
            code = std::max(code, e.exit_code());
        }
    }
    return code;
}

struct PruneOptions {
    std::vector<std::string> filters;
    bool force = false;
};

int run_prune(Context& ctx, const PruneOptions& o) {
    const auto paths = open_store(ctx);
    if (!o.force) {
        const auto unused = unused_volumes(paths, o.filters);
        if (unused.empty()) {
            ctx.out << "No dangling volumes found\n";
            return 0;
        }
        const auto question = fmt::format(
            "WARNING! This will remove all volumes not used by at least one container. The following volumes "
            "will be removed:\n{}\nAre you sure you want to continue? [y/N] ",
            join(unused, "\n"));
        if (!ask(ctx, question)) return 0;
    }
    for (const auto& name : prune_volumes(paths, o.filters, Measure::no).names) ctx.out << name << "\n";
    return 0;
}

Action define_create(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<CreateOptions>();
    flags.add_option("-d,--driver", o->driver, "Volume driver; only: local")->type_name("DRIVER");
    flags.add_option("--gid", o->gid, "Group that owns it, as containers see it")->type_name("GID");
    flags.add_flag("--ignore", o->ignore, "One that exists already is no error");
    flags.add_option("-l,--label", o->labels, "Attach a label")->type_name("KEY[=VALUE]");
    flags
        .add_option("-o,--opt", o->options,
                    "type=bind, device=DIR, o=bind: stand for a directory of the host")
        ->type_name("KEY=VALUE");
    flags.add_option("--uid", o->uid, "User who owns it, as containers see it")->type_name("UID");
    return [o, &ctx](const Args& args) { return run_create(ctx, *o, args); };
}

Action define_list(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<ListOptions>();
    flags.add_option("-f,--filter", o->filters, "Show only volumes for which it holds")
        ->type_name("KEY=VALUE");
    flags.add_option("--format", o->format, "\"json\", or a Go template")->type_name("TEMPLATE");
    flags.add_flag("-n,--noheading,--no-heading", o->no_heading, "Show no line of headings");
    flags.add_flag("-q,--quiet", o->quiet, "Show names only");
    return [o, &ctx](const Args&) { return run_list(ctx, *o); };
}

Action define_inspect(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<InspectOptions>();
    flags.add_flag("-a,--all", o->all, "Show all volumes");
    flags.add_option("-f,--format", o->format, "\"json\", or a Go template for each")->type_name("TEMPLATE");
    return [o, &ctx](const Args& args) { return run_inspect(ctx, *o, args); };
}

Action define_rm(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<RemoveOptions>();
    flags.add_flag("-a,--all", o->all, "Remove all volumes");
    flags.add_flag("-f,--force", o->force, "Remove containers that use it, too; a missing one is no error");
    flags
        .add_option("-t,--time", o->time,
                    "Seconds from SIGTERM to SIGKILL for such containers (they are killed)")
        ->type_name("SECONDS")
        ->group("");
    return [o, &ctx](const Args& args) { return run_rm(ctx, *o, args); };
}

Action define_prune(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<PruneOptions>();
    flags.add_option("--filter", o->filters, "Remove only volumes for which it holds")
        ->type_name("KEY=VALUE");
    flags.add_flag("-f,--force", o->force, "Do not ask");
    return [o, &ctx](const Args&) { return run_prune(ctx, *o); };
}

Action define_exists(CLI::App&, Context& ctx) {
    return [&ctx](const Args& args) {
        const auto volume = container::find_volume(open_store(ctx), args[0]);
        return volume && volume->name == args[0] ? 0 : 1;
    };
}

}  // namespace

DataObject make_volume_view(const Volume& volume, const store::Paths& paths, const VolumeUsers& users) {
    const auto used = users.find(volume.name);
    DataObject o{.type = "entities.VolumeListReport"};
    o.add("Name", volume.name).add("Driver", "local");
    o.add("Mountpoint", container::volume_data(paths, volume.name).native());
    o.add("CreatedAt", timestamp(volume.created)).add("Labels", Data::string_map(volume.labels));
    o.add("Scope", "local").add("Options", Data::string_map(volume.options));
    o.add("UID", int64_t{volume.uid.value_or(0)}, {}, Show::unless_empty);
    o.add("GID", int64_t{volume.gid.value_or(0)}, {}, Show::unless_empty);
    o.add("Anonymous", volume.anonymous, {}, Show::unless_empty);
    o.add("MountCount", used == users.end() ? 0 : static_cast<int64_t>(used->second.size()));
    return o;
}

std::vector<Command> volume_commands() {
    const Command list{.name = "volume ls",
                       .arguments = "[options]",
                       .summary = "List volumes",
                       .arity = kNoArgs,
                       .define = define_list};
    return {Command{.name = "volume", .summary = "Manage volumes"},
            Command{.name = "volume create",
                    .arguments = "[options] [NAME]",
                    .summary = "Create a volume",
                    .arity = {.min = 0, .max = 1},
                    .define = define_create},
            Command{.name = "volume exists",
                    .arguments = "VOLUME",
                    .summary = "Tell by the exit code whether a volume exists",
                    .arity = {.min = 1, .max = 1},
                    .define = define_exists},
            Command{.name = "volume inspect",
                    .arguments = "[options] VOLUME [VOLUME...]",
                    .summary = "Show all that is known of volumes",
                    .define = define_inspect},
            list,
            in_group("volume list", list),
            Command{.name = "volume prune",
                    .arguments = "[options]",
                    .summary = "Remove volumes that no container uses",
                    .arity = kNoArgs,
                    .define = define_prune},
            Command{.name = "volume rm",
                    .arguments = "[options] VOLUME [VOLUME...]",
                    .summary = "Remove volumes",
                    .define = define_rm}};
}

}  // namespace rpod::cli
