// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/remove.hh"

#include <csignal>

#include "base/error.hh"
#include "container/config.hh"
#include "container/create.hh"
#include "container/find.hh"
#include "container/record.hh"
#include "store/lock.hh"
#include "sys/file.hh"
#include "sys/process.hh"

namespace rpod::container {
namespace {

constexpr int kExitNoSuchContainer = 1;
constexpr int kExitInUse = 2;

Found find_or_fail(const store::Paths& paths, const std::string& name_or_id) {
    try {
        return find_container(paths, name_or_id);
    } catch (const Error& e) {
        throw Error(e).with_exit_code(kExitNoSuchContainer);
    }
}

/// Kills the monitor, which holds the lock, and waits until the kernel has dropped that.
void kill_monitor(const std::filesystem::path& directory) {
    const auto alive = sys::find_at(AT_FDCWD, directory / "alive", O_RDWR);
    if (!alive) return;
    const auto monitor = sys::lock_holder(alive->get());
    if (!monitor) return;
    if (*monitor == 0)
        throw Error("kill the monitor of '{}': it runs in another PID namespace",
                    directory.filename().native());
    const auto pidfd = sys::open_pidfd(*monitor);
    // Still the same process: the lock is its.
    if (sys::lock_holder(alive->get()) == monitor) sys::send_signal(pidfd.get(), SIGKILL);
    sys::lock(alive->get(), sys::LockKind::exclusive);
}

/// A monitor that has written the exit record is only cleaning up.
bool is_running(const std::filesystem::path& directory) {
    return is_alive(directory) && !read_exit(directory);
}

}  // namespace

void remove_container(const store::Paths& paths, const std::string& name_or_id, bool force) {
    const auto id = find_or_fail(paths, name_or_id).id;
    const auto directory = paths.containers() / id;
    if (is_running(directory)) {
        if (!force) {
            throw Error(
                "cannot remove container {} as it is running - running or paused containers cannot be "
                "removed without "
                "force: container state improper",
                id)
                .with_exit_code(kExitInUse);
        }
        kill_monitor(directory);
    }
    const auto record = directory / "config.json";
    const auto config = config_from_json(sys::read_file(record), record);
    const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
    withdraw(paths, id, config.name);
}

}  // namespace rpod::container
