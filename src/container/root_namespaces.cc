// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/root_namespaces.hh"

#include <sched.h>

#include "base/error.hh"
#include "container/running.hh"
#include "sys/process.hh"

namespace rpod::container {

std::optional<RootNamespaces> find_root_namespaces(const std::filesystem::path& directory) {
    RootNamespaces found;
    auto target = open_running(directory, [&](const State& state) {
        if (state.pid != 0 && state.status == Status::created)
            throw Error(
                "container {} has been initialized and waits to be started: its files cannot be reached yet",
                directory.filename().native());
        if (state.pid == 0) return false;
        try {
            // Before the process is looked at: what that finds is then true of this one.
            found.process = sys::open_pidfd(state.pid);
        } catch (const SysError& e) {
            if (!e.is(ESRCH)) throw;
            return false;
        }
        return true;
    });
    if (!target) return std::nullopt;
    found.user = std::move(target->user);
    for (auto& other : target->others) {
        if (other.flag == CLONE_NEWNS) found.mount = std::move(other.fd);
    }
    if (!found.mount)
        throw Error("container {} has no mount namespace of its own", directory.filename().native());
    return found;
}

}  // namespace rpod::container
