// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "pod/record.hh"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/create.hh"
#include "container/find.hh"
#include "container/record.hh"
#include "pod/events.hh"
#include "store/lock.hh"
#include "sys/file.hh"

namespace rpod::pod {
namespace {

store::Names pod_names(const store::Paths& paths) { return store::Names(paths.pods() / "names"); }

/// Under the exclusive store lock. Pods and containers have one space of names.
void claim_name(const store::Paths& paths, const std::string& name, const std::string& id) {
    if (store::is_name_taken(paths.containers(), name))
        throw Error("adding pod to state: name \"{}\" is in use: container already exists", name);
    if (!store::claim_record_name(paths.pods(), name, id))
        throw Error("adding pod to state: name \"{}\" is in use: pod already exists", name);
}

}  // namespace

void create_pod(const store::Paths& paths, PodConfig& config) {
    if (!config.base.name.empty()) store::require_valid_name(config.base.name);
    config.base.id = sys::random_hex(32);
    sys::make_dirs(paths.pods());
    const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
    if (config.base.name.empty()) {
        config.base.name = store::claim_random_name(paths.pods(), paths.containers(), config.base.id);
    } else {
        claim_name(paths, config.base.name, config.base.id);
    }
    const auto temporary = paths.pods() / (".tmp-" + config.base.id);
    const auto directory = paths.pods() / config.base.id;
    try {
        // A member whose root is another ID passes through on its way to what is below.
        check(::mkdir(temporary.c_str(), 0711), "create directory '{}'", temporary.native());
        check(::chmod(temporary.c_str(), 0711), "set the mode of '{}'", temporary.native());
        sys::replace_file(temporary / "config.json", to_json(config));
        sys::open_file(temporary / "making", O_RDWR | O_CREAT, 0600);
        check(::rename(temporary.c_str(), directory.c_str()), "rename '{}'", temporary.native());
    } catch (...) {
        sys::remove_tree_at(AT_FDCWD, temporary);
        pod_names(paths).release(config.base.name, config.base.id);
        throw;
    }
    note_event(paths, config, "create");
}

std::vector<std::string> pod_ids(const store::Paths& paths) { return store::record_ids(paths.pods()); }

std::optional<std::string> lookup_pod(const store::Paths& paths, const std::string& name_or_id) {
    return store::lookup_record(paths.pods(), "pod", name_or_id);
}

std::string find_pod(const store::Paths& paths, const std::string& name_or_id) {
    if (auto id = lookup_pod(paths, name_or_id)) return *std::move(id);
    throw Error("no pod with name or ID {} found: no such pod", printable(name_or_id));
}

std::string latest_pod(const store::Paths& paths) {
    if (auto id = container::newest_record(paths.pods())) return *std::move(id);
    throw Error("no pods found: no such pod");
}

std::optional<PodConfig> find_record(const store::Paths& paths, const std::string& id) {
    const auto file = paths.pods() / id / "config.json";
    const auto text = sys::find_file(file);
    return text ? std::optional(config_from_json(*text, file)) : std::nullopt;
}

PodConfig read_pod(const store::Paths& paths, const std::string& id) {
    const auto file = paths.pods() / id / "config.json";
    return config_from_json(sys::read_file(file), file);
}

sys::Fd lock_pod(const store::Paths& paths, const std::string& id) {
    auto making = sys::find_at(AT_FDCWD, paths.pods() / id / "making", O_RDWR);
    if (making) sys::lock(making->get(), sys::LockKind::exclusive);
    // It may have been removed while we waited.
    if (!making || !sys::find_at(AT_FDCWD, paths.pods() / id, O_PATH))
        throw Error("no pod with name or ID {} found: no such pod", id);
    return *std::move(making);
}

std::vector<std::string> member_ids(const store::Paths& paths, const std::string& id) {
    std::vector<std::pair<container::Time, std::string>> found;
    for (const auto& container : container::container_ids(paths)) {
        try {
            const auto directory = paths.containers() / container;
            if (container::read_config(directory).pod != id) continue;
            found.emplace_back(container::creation_time(directory), container);
        } catch (const SysError&) {
            continue;  // removed meanwhile
        }
    }
    std::sort(found.begin(), found.end());
    std::vector<std::string> ids;
    for (auto& [time, container] : found) ids.push_back(std::move(container));
    return ids;
}

void discard_pod(const store::Paths& paths, const std::string& id) {
    const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
    const auto config = read_pod(paths, id);
    const auto withdrawn = paths.pods() / (".tmp-removed-" + id);
    check(::rename((paths.pods() / id).c_str(), withdrawn.c_str()), "remove pod {}", id);
    pod_names(paths).release(config.base.name, id);
    sys::remove_tree_at(AT_FDCWD, withdrawn);
    sys::remove_tree_at(AT_FDCWD, paths.run() / id);
    note_event(paths, config, "remove");
}

void sweep_pods(const store::Paths& paths) {
    const auto directory = sys::find_at(AT_FDCWD, paths.pods(), O_RDONLY | O_DIRECTORY);
    if (!directory) return;
    std::vector<std::string> left;
    for (auto& name : sys::list_dir(directory->get())) {
        if (name.starts_with(".tmp-")) left.push_back(std::move(name));
    }
    if (left.empty()) return;
    // Whoever makes or removes one holds it, too.
    const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
    for (const auto& name : left) sys::remove_tree_at(directory->get(), name);
}

}  // namespace rpod::pod
