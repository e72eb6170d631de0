// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/diff.hh"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <ostream>

#include "base/strings.hh"
#include "cli/data.hh"
#include "cli/images.hh"
#include "cli/stores.hh"
#include "container/changes.hh"
#include "container/find.hh"
#include "container/snapshot.hh"
#include "overlay/compare.hh"

namespace rpod::cli {
namespace {

using overlay::Change;

enum class Among { all, containers, images };

struct DiffOptions {
    std::string format;
    bool latest = false;
};

/// One side of a comparison.
struct Side {
    std::optional<image::Image> image;
    std::string container;  ///< ID
};

/// As podman: an image comes before a container of the same name.
Side find_side(const image::ImageStore& images, const std::string& name, Among among) {
    Side side;
    if (among != Among::containers) side.image = images.find(name);
    if (side.image) return side;
    if (among != Among::images) {
        if (auto id = container::lookup_container(images.paths(), name)) {
            side.container = *std::move(id);
            return side;
        }
    }
    switch (among) {
        case Among::images:
            throw Error("{0} not found: {0}: image not known", printable(name));
        case Among::containers:
            throw Error("{} not found: container not known", printable(name));
        default:
            throw Error("{} not found: layer not known", printable(name));
    }
}

overlay::Index tree_of(const image::ImageStore& images, const Side& side) {
    return side.image ? container::image_tree(images, *side.image)
                      : container::container_tree(images, side.container);
}

/// podman's list of what it makes itself in every container.
bool is_made_by_us(std::string_view path) {
    static constexpr std::array<std::string_view, 11> paths{
        "/dev", "/etc/hostname", "/etc/hosts",         "/etc/mtab", "/etc/resolv.conf", "/proc",
        "/run", "/run/notify",   "/run/.containerenv", "/sys",      "/run/secrets"};
    return std::find(paths.begin(), paths.end(), path) != paths.end();
}

char letter(Change::Kind kind) {
    switch (kind) {
        case Change::Kind::added:
            return 'A';
        case Change::Kind::deleted:
            return 'D';
        case Change::Kind::modified:
            break;
    }
    return 'C';
}

/// What a container or an image has changed of what it is made of.
std::vector<Change> own_changes(const image::ImageStore& images, const Side& side) {
    if (side.image)
        return overlay::compare(container::parent_tree(images, *side.image), tree_of(images, side),
                                is_made_by_us);
    const auto trees = container::changed_trees(images, side.container);
    return overlay::compare(trees.before, trees.after, is_made_by_us);
}

/// Kinds that did not happen are left out, as podman's are.
std::string to_json(const std::vector<Change>& changes) {
    DataObject o{.type = "diff.ChangesReportJSON"};
    const auto add = [&](const char* key, Change::Kind kind) {
        DataList paths;
        for (const auto& change : changes) {
            if (change.kind == kind) paths.emplace_back(change.path);
        }
        if (!paths.empty()) o.add(key, std::move(paths));
    };
    add("changed", Change::Kind::modified);
    add("added", Change::Kind::added);
    add("deleted", Change::Kind::deleted);
    return Data(o).to_json().dump(5);
}

int run_diff(Context& ctx, const DiffOptions& o, const Args& args, Among among) {
    if (!o.format.empty() && o.format != "json") throw Error("only supported value for '--format' is 'json'");
    if (o.latest && !args.empty()) throw Error("--latest and arguments cannot be used together");
    if (!o.latest && args.empty()) throw Error("container, image, or layer name must be provided");
    const auto paths = open_store(ctx);
    const image::ImageStore images(paths);
    Side to;
    if (o.latest) {
        to.container = container::latest_container(paths);
    } else {
        to = find_side(images, args[0], among);
    }
    const auto changes = args.size() > 1
                             ? overlay::compare(tree_of(images, find_side(images, args[1], among)),
                                                tree_of(images, to), is_made_by_us)
                             : own_changes(images, to);
    if (o.format == "json") {
        ctx.out << to_json(changes) << "\n";
        return 0;
    }
    for (const auto& change : changes)
        ctx.out << letter(change.kind) << " " << printable(change.path) << "\n";
    return 0;
}

template <Among among>
Action define_diff(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<DiffOptions>();
    flags.add_option("--format", o->format, "\"json\"")->type_name("FORMAT");
    if (among != Among::images) flags.add_flag("-l,--latest", o->latest, "The container that was made last");
    return [o, &ctx](const Args& args) { return run_diff(ctx, *o, args, among); };
}

}  // namespace

std::vector<Command> diff_commands() {
    constexpr Arity arity{.min = 0, .max = 2};
    return {{.name = "diff",
             .arguments = "[options] {CONTAINER|IMAGE} [{CONTAINER|IMAGE}]",
             .summary = "Show what has changed in the files of a container or an image",
             .arity = arity,
             .define = define_diff<Among::all>},
            {.name = "container diff",
             .arguments = "[options] CONTAINER [CONTAINER]",
             .summary = "Show what has changed in the files of a container",
             .arity = arity,
             .define = define_diff<Among::containers>},
            {.name = "image diff",
             .arguments = "[options] IMAGE [IMAGE]",
             .summary = "Show what the uppermost layer of an image changes",
             .arity = arity,
             .define = define_diff<Among::images>}};
}

}  // namespace rpod::cli
