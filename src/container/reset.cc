// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/reset.hh"

#include "base/error.hh"
#include "base/log.hh"
#include "container/control.hh"
#include "container/create.hh"
#include "container/find.hh"
#include "container/remove.hh"
#include "container/root_access.hh"
#include "store/lock.hh"
#include "store/names.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

void force_out(const store::Paths& paths, const std::string& id) {
    try {
        remove_container(paths, id, {.force = true, .stop_seconds = {}, .anonymous_volumes = true});
        return;
    } catch (const Error& e) {
        log::debug("container {}: {}", id, e.what());
    }
    // Its record cannot be read, perhaps; then only its end is needed, and that it is out of the way.
    const auto directory = paths.containers() / id;
    if (!sys::find_at(AT_FDCWD, directory, O_PATH)) return;
    kill_monitor(directory);
    const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
    withdraw(paths, id, {});
}

/// Nobody makes a container while the lock is held.
store::StoreLock end_all(const store::Paths& paths) {
    for (;;) {
        // With the monitor of a pod all of its containers end.
        for (const auto& id : store::record_ids(paths.pods())) kill_monitor(paths.pods() / id);
        for (const auto& id : container_ids(paths)) force_out(paths, id);
        auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
        if (container_ids(paths).empty()) return lock;
    }
}

}  // namespace

void reset_store(const store::Paths& paths) {
    const auto lock = end_all(paths);
    const std::vector<std::filesystem::path> trees{
        paths.containers(), paths.pods(),    paths.volumes(),        paths.oci(),
        paths.networks(),   paths.secrets(), paths.chain_indexes(),  paths.seccomp_cache(),
        paths.events(),     paths.trees(),   paths.run() / "secrets"};
    // What containers wrote belongs to subordinate IDs.
    with_session_ids(paths, [&] {
        for (const auto& tree : trees) sys::remove_tree_at(AT_FDCWD, tree);
    });
}

}  // namespace rpod::container
