// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/remove.hh"

#include "base/error.hh"
#include "container/control.hh"
#include "container/create.hh"
#include "container/events.hh"
#include "container/record.hh"
#include "container/root_mount.hh"
#include "container/volume.hh"
#include "store/lock.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

constexpr int kExitInUse = 2;

std::string_view participle(Life life) { return life == Life::paused ? "paused" : "running"; }

}  // namespace

void remove_container(const store::Paths& paths, const std::string& id, const RemoveRequest& request) {
    const auto directory = paths.containers() / id;
    auto making = lock_container(directory);
    auto life = life_of(directory);
    if (!is_idle(life) && !request.force) {
        throw Error(
            "cannot remove container {} as it is {} - running or paused containers cannot be removed without "
            "force: container state improper",
            id, participle(life))
            .with_exit_code(kExitInUse);
    }
    if (!is_idle(life) && request.stop_seconds && life != Life::paused) {
        stop_container(paths, id, request.stop_seconds);
        if (!sys::find_at(AT_FDCWD, directory, O_PATH)) return;  // it had --rm
        life = life_of(directory);
    }
    if (!is_idle(life)) end_container(paths, id);
    // One that has just ended may still be unmounting; then only a later command could remove its files.
    wait_for_monitor(directory);
    end_root_mount(directory);
    const auto config = read_config(directory);
    if (!request.anonymous_volumes && !config.remove) keep_anonymous_volumes(directory);
    const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
    withdraw(paths, id, config.name);
    note_event(paths, config, "remove");
}

}  // namespace rpod::container
