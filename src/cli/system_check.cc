// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// system check: whether the store still holds what it was given.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <ostream>

#include "base/strings.hh"
#include "cli/image_events.hh"
#include "cli/image_users.hh"
#include "cli/images.hh"
#include "cli/system_store.hh"
#include "container/create.hh"
#include "container/find.hh"
#include "container/record.hh"
#include "container/remove.hh"
#include "image/check.hh"

namespace rpod::cli {
namespace {

struct CheckOptions {
    bool force = false, quick = false, repair = false;
};

/// Containers whose records cannot be read: "container ID: why".
std::vector<std::string> unreadable_containers(const store::Paths& paths) {
    std::vector<std::string> problems;
    for (const auto& id : container::container_ids(paths)) {
        const auto directory = paths.containers() / id;
        try {
            container::read_config(directory);
            container::read_state(directory);
            container::read_exit(directory);
        } catch (const SysError& e) {
            // Removed while we look.
            if (!e.is(ENOENT)) problems.push_back(fmt::format("container {}: {}", id, e.what()));
        } catch (const Error& e) {
            problems.push_back(fmt::format("container {}: {}", id, e.what()));
        }
    }
    return problems;
}

/// With --force the containers of damaged images go first.
void remove_users(const store::Paths& paths, const std::vector<image::DamagedImage>& damaged) {
    const auto users = image_users(paths);
    for (const auto& image : damaged) {
        const auto used = image.id ? users.find(*image.id) : users.end();
        if (used == users.end()) continue;
        for (const auto& id : used->second)
            container::remove_container(paths, id, {.force = true, .stop_seconds = {}});
    }
    container::sweep_containers(paths);
}

void repair(Context& ctx, const image::ImageStore& store, const std::vector<image::DamagedImage>& damaged,
            bool force) {
    const auto& paths = store.paths();
    if (force) remove_users(paths, damaged);
    const auto unused = [&](const oci::Digest& id) { return !image_users(paths).contains(id); };
    const auto gone = image::remove_damaged(store, damaged, unused);
    for (const auto& image : gone) {
        note_image(paths, "remove", image.id.value_or(image.manifest), image.title());
        ctx.out << "Removed image " << printable(image.title()) << "\n";
    }
    if (gone.size() == damaged.size()) return;
    throw Error("{} of {} damaged images are used by containers and stay", damaged.size() - gone.size(),
                damaged.size())
        .with_hint("--repair --force removes those containers, too");
}

int run_check(Context& ctx, const CheckOptions& o) {
    if (o.force && !o.repair) throw Error("--force is for --repair");
    const auto store = open_images(ctx);
    const auto damaged =
        image::check_images(store.paths(), o.quick ? image::Scrutiny::quick : image::Scrutiny::full);
    for (const auto& image : damaged) {
        for (const auto& what : image.damage)
            ctx.out << printable(fmt::format("image {}: {}", image.title(), what)) << "\n";
    }
    const auto unreadable = unreadable_containers(store.paths());
    for (const auto& what : unreadable) ctx.out << printable(what) << "\n";
    if (o.repair && !damaged.empty()) {
        repair(ctx, store, damaged, o.force);
    } else if (!damaged.empty()) {
        throw Error("damage detected in local storage").with_hint("--repair removes damaged images");
    }
    if (!unreadable.empty())
        throw Error("damage detected in local storage: {} containers cannot be read", unreadable.size());
    return 0;
}

}  // namespace

Action define_system_check(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<CheckOptions>();
    flags.add_flag("-f,--force", o->force, "With --repair, remove containers of damaged images, too");
    flags.add_flag("-q,--quick", o->quick, "Compare sizes only, not the digests of layers");
    flags.add_flag("-r,--repair", o->repair, "Remove damaged images");
    return [o, &ctx](const Args&) { return run_check(ctx, *o); };
}

}  // namespace rpod::cli
