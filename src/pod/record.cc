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
#include "store/lock.hh"
#include "sys/file.hh"

namespace rpod::pod {
namespace {

store::Names pod_names(const store::Paths& paths) { return store::Names(paths.pods() / "names"); }

bool is_there(const std::filesystem::path& path) { return sys::find_at(AT_FDCWD, path, O_PATH).has_value(); }

/// Under the exclusive store lock. Pods and containers have one space of names.
void claim_name(const store::Paths& paths, const std::string& name, const std::string& id) {
    const auto container = container::container_names(paths).owner(name);
    if (container && is_there(paths.containers() / *container)) {
        throw Error("adding pod to state: name \"{}\" is in use: container already exists", name);
    }
    const auto names = pod_names(paths);
    const auto owner = names.owner(name);
    if (owner && !is_there(paths.pods() / *owner)) names.release(name, *owner);
    if (!names.claim(name, id))
        throw Error("adding pod to state: name \"{}\" is in use: pod already exists", name);
}

void claim_any_name(const store::Paths& paths, PodConfig& config) {
    for (int tries = 0; tries < 100 && config.base.name.empty(); ++tries) {
        const auto name = store::random_pair_name();
        if (pod_names(paths).claim(name, config.base.id)) config.base.name = name;
    }
    if (!config.base.name.empty()) return;
    config.base.name = config.base.id.substr(0, 12);
    claim_name(paths, config.base.name, config.base.id);
}

}  // namespace

void create_pod(const store::Paths& paths, PodConfig& config) {
    if (!config.base.name.empty()) store::require_valid_name(config.base.name);
    config.base.id = sys::random_hex(32);
    sys::make_dirs(paths.pods());
    const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
    if (config.base.name.empty()) {
        claim_any_name(paths, config);
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
}

std::vector<std::string> pod_ids(const store::Paths& paths) { return store::record_ids(paths.pods()); }

std::optional<std::string> lookup_pod(const store::Paths& paths, const std::string& name_or_id) {
    const auto ids = pod_ids(paths);
    if (store::is_valid_name(name_or_id)) {
        const auto owner = pod_names(paths).owner(name_or_id);
        if (owner && std::find(ids.begin(), ids.end(), *owner) != ids.end()) return *owner;
    }
    const auto match = store::match_prefix(ids, name_or_id);
    if (match.ambiguous)
        throw Error("more than one pod has an ID that begins with \"{}\"", printable(name_or_id));
    return match.id;
}

std::string find_pod(const store::Paths& paths, const std::string& name_or_id) {
    if (auto id = lookup_pod(paths, name_or_id)) return *std::move(id);
    throw Error("no pod with name or ID {} found: no such pod", printable(name_or_id));
}

std::string latest_pod(const store::Paths& paths) {
    std::string latest;
    container::Time time;
    for (const auto& id : pod_ids(paths)) {
        const auto created = container::creation_time(paths.pods() / id);
        if (!latest.empty() && created <= time) continue;
        latest = id;
        time = created;
    }
    if (latest.empty()) throw Error("no pods found: no such pod");
    return latest;
}

PodConfig read_pod(const store::Paths& paths, const std::string& id) {
    const auto file = paths.pods() / id / "config.json";
    return config_from_json(sys::read_file(file), file);
}

sys::Fd lock_pod(const store::Paths& paths, const std::string& id) {
    auto making = sys::find_at(AT_FDCWD, paths.pods() / id / "making", O_RDWR);
    if (making) sys::lock(making->get(), sys::LockKind::exclusive);
    // It may have been removed while we waited.
    if (!making || !is_there(paths.pods() / id))
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
    const auto name = read_pod(paths, id).base.name;
    const auto withdrawn = paths.pods() / (".tmp-removed-" + id);
    check(::rename((paths.pods() / id).c_str(), withdrawn.c_str()), "remove pod {}", id);
    pod_names(paths).release(name, id);
    sys::remove_tree_at(AT_FDCWD, withdrawn);
    sys::remove_tree_at(AT_FDCWD, paths.run() / id);
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
