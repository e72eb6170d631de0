// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/running.hh"

#include <fcntl.h>

#include "base/error.hh"
#include "sys/file.hh"

namespace rpod::container {

std::optional<runtime::ExecTarget> open_running(const std::filesystem::path& directory,
                                                const std::function<bool(const State&)>& suits) {
    const auto alive = sys::find_at(AT_FDCWD, directory / "alive", O_RDONLY);
    const auto monitor = alive ? sys::lock_holder(alive->get()) : std::nullopt;
    const auto state = monitor ? read_state(directory) : std::nullopt;
    if (!state || !suits(*state)) return std::nullopt;
    if (*monitor == 0)
        throw Error("enter container {}: it belongs to another PID namespace", directory.filename().native());
    try {
        return runtime::open_exec_target(state->pid, *monitor);
    } catch (const SysError& e) {
        // It ended while we looked.
        if (e.is(ENOENT) || e.is(ESRCH)) return std::nullopt;
        throw;
    }
}

}  // namespace rpod::container
