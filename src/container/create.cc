// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/create.hh"

#include <sys/stat.h>

#include <algorithm>

#include "base/error.hh"
#include "base/log.hh"
#include "container/events.hh"
#include "container/find.hh"
#include "container/record.hh"
#include "container/secret_files.hh"
#include "container/session.hh"
#include "container/volume.hh"
#include "image/unpacked.hh"
#include "store/lock.hh"
#include "sys/file.hh"
#include "sys/process.hh"

namespace rpod::container {

store::Names container_names(const store::Paths& paths) { return store::Names(paths.containers() / "names"); }

namespace {

/// Under the exclusive store lock. Pods and containers have one space of names.
void claim_name(const store::Paths& paths, const std::string& name, const std::string& id) {
    if (store::is_name_taken(paths.pods(), name))
        throw Error("adding container to state: name \"{}\" is in use: pod already exists", name);
    if (store::claim_record_name(paths.containers(), name, id)) return;
    throw Error(
        "creating container storage: the container name \"{}\" is already in use by {}. You have to remove "
        "that "
        "container to be able to reuse that name",
        name, container_names(paths).owner(name).value_or("another container"));
}

/// containers/rm/ID: an empty file for each container that goes when it ends, so that the sweep need not read
/// every record.
std::filesystem::path removal_marks(const store::Paths& paths) { return paths.containers() / "rm"; }

/// Fills a new directory under a temporary name. The caller holds the exclusive store lock: nobody sweeps
/// now.
sys::Fd make_directory(const std::filesystem::path& temporary, const ContainerConfig& config) {
    check(::mkdir(temporary.c_str(), 0711), "create directory '{}'", temporary.native());
    check(::chmod(temporary.c_str(), 0711), "set the mode of '{}'", temporary.native());
    sys::replace_file(temporary / "config.json", to_json(config));
    auto making = sys::open_file(temporary / "making", O_RDWR | O_CREAT, 0600);
    sys::try_lock(making.get(), sys::LockKind::exclusive);
    return making;
}

}  // namespace

void mark_for_removal(const store::Paths& paths, const std::string& id) {
    sys::make_dirs(removal_marks(paths));
    sys::open_file(removal_marks(paths) / id, O_WRONLY | O_CREAT, 0600);
}

sys::Fd lock_container(const std::filesystem::path& directory) {
    auto making = sys::open_file(directory / "making", O_RDWR | O_CREAT, 0600);
    sys::lock(making.get(), sys::LockKind::exclusive);
    return making;
}

ContainerConfig read_config(const std::filesystem::path& directory) {
    const auto record = directory / "config.json";
    return config_from_json(sys::read_file(record), record);
}

std::string current_name(const std::filesystem::path& directory, const std::string& fallback) {
    try {
        return read_config(directory).name;
    } catch (const Error& e) {
        log::debug("{}: {}", directory.native(), e.what());
        return fallback;
    }
}

Created create(const store::Paths& paths, ContainerConfig& config, bool runs_now) {
    if (!config.name.empty()) store::require_valid_name(config.name);
    config.id = sys::random_hex(32);
    sys::make_dirs(paths.containers());
    const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
    if (config.name.empty()) {
        config.name = store::claim_random_name(paths.containers(), paths.pods(), config.id);
    } else {
        claim_name(paths, config.name, config.id);
    }
    const auto temporary = paths.containers() / (".tmp-" + config.id);
    Created created{
        .id = config.id, .name = config.name, .directory = paths.containers() / config.id, .making = {}};
    try {
        created.making = make_directory(temporary, config);
        if (config.remove && runs_now) mark_for_removal(paths, config.id);
        check(::rename(temporary.c_str(), created.directory.c_str()), "rename '{}'", temporary.native());
        return created;
    } catch (...) {
        created.making.reset();
        container_names(paths).release(config.name, config.id);
        throw;
    }
}

void rename_container(const store::Paths& paths, const std::string& id, const std::string& name) {
    store::require_valid_name(name);
    const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
    const auto directory = paths.containers() / id;
    auto config = read_config(directory);
    const auto before = config.name;
    if (before == name) return;
    // Between the next two steps it has both names; what a crash leaves of the new one goes with the
    // container.
    claim_name(paths, name, id);
    config.name = name;
    sys::replace_file(directory / "config.json", to_json(config));
    container_names(paths).release(before, id);
    note_event(paths, config, "rename");
}

void remove_runtime_files(const store::Paths& paths, const std::string& id) {
    sys::remove_tree_at(AT_FDCWD, paths.run() / id);
    remove_secret_files(paths, id);
}

std::filesystem::path withdraw(const store::Paths& paths, const std::string& id, const std::string& name) {
    const auto withdrawn = paths.containers() / (".tmp-removed-" + id);
    if (::rename((paths.containers() / id).c_str(), withdrawn.c_str()) < 0 && errno != ENOENT) {
        throw SysError(errno, "remove container {}", id);
    }
    container_names(paths).release(name, id);
    ::unlink((removal_marks(paths) / id).c_str());
    remove_runtime_files(paths, id);
    return withdrawn;
}

void discard(const store::Paths& paths, const std::filesystem::path& withdrawn) {
    remove_anonymous_volumes(paths, withdrawn);
    const auto parent = sys::open_file(withdrawn.parent_path(), O_RDONLY | O_DIRECTORY);
    sys::remove_tree_at(parent.get(), withdrawn.filename());
}

namespace {

/// Whether somebody works on the container in this directory.
bool is_in_use(const std::filesystem::path& directory) {
    const auto making = sys::find_at(AT_FDCWD, directory / "making", O_RDONLY);
    return (making && sys::lock_holder(making->get())) || is_alive(directory);
}

std::vector<std::string> names_in(const std::filesystem::path& directory) {
    const auto fd = sys::find_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY);
    return fd ? sys::list_dir(fd->get()) : std::vector<std::string>{};
}

/// Names whose container never came to be: who claimed them died within create(). The caller holds the
/// exclusive store lock, as everybody does who claims one.
void release_orphaned_names(const store::Paths& paths) {
    const auto names = container_names(paths);
    for (const auto& name : names_in(paths.containers() / "names")) {
        const auto owner = names.owner(name);
        if (owner && !sys::find_at(AT_FDCWD, paths.containers() / *owner, O_PATH))
            names.release(name, *owner);
    }
}

/// The temporaries that nobody works on, after the dead --rm containers became such.
std::vector<std::filesystem::path> collect_dead(const store::Paths& paths) {
    const auto marks = names_in(removal_marks(paths));
    const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
    for (const auto& id : marks) {
        const auto directory = paths.containers() / id;
        if (is_in_use(directory)) continue;
        note_event_of(paths, id, "remove");
        withdraw(paths, id, current_name(directory, {}));
    }
    release_orphaned_names(paths);
    std::vector<std::filesystem::path> dead;
    for (const auto& name : names_in(paths.containers())) {
        const auto directory = paths.containers() / name;
        if (name.starts_with(".tmp-") && !is_in_use(directory)) dead.push_back(directory);
    }
    return dead;
}

/// A killed monitor could not remove what its container was given. Who starts a container holds its lock
/// meanwhile.
void sweep_secret_files(const store::Paths& paths) {
    for (const auto& id : containers_with_secret_files(paths)) {
        if (!is_in_use(paths.containers() / id)) remove_secret_files(paths, id);
    }
}

bool is_clean(const store::Paths& paths) {
    if (!names_in(removal_marks(paths)).empty()) return false;
    const auto entries = names_in(paths.containers());
    if (std::any_of(entries.begin(), entries.end(), [](const auto& e) { return e.starts_with(".tmp-"); }))
        return false;
    // Every container has one name; more names than containers are somebody's who died.
    return names_in(paths.containers() / "names").size() <= container_ids(paths).size();
}

}  // namespace

void sweep_containers(const store::Paths& paths) {
    sweep_secret_files(paths);
    image::sweep_trees(paths);
    if (is_clean(paths)) return;
    const auto dead = collect_dead(paths);
    if (dead.empty()) return;
    const pid_t sweeper = userns::spawn_in_session(session_files(paths), userns::current_identity(),
                                                   {.role = "rpod:sweep"}, [&](int) {
                                                       for (const auto& directory : dead)
                                                           discard(paths, directory);
                                                       return 0;
                                                   });
    sys::wait_for(sweeper);
}

}  // namespace rpod::container
