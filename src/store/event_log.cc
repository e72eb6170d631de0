// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "store/event_log.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "base/error.hh"
#include "base/log.hh"
#include "sys/file.hh"

namespace rpod::store {
namespace {

sys::Fd open_log(const Paths& paths) {
    const auto file = paths.events() / kEventLog;
    if (auto fd = sys::find_at(AT_FDCWD, file, O_WRONLY | O_APPEND)) return *std::move(fd);
    sys::make_dirs(paths.events());
    return sys::open_file(file, O_WRONLY | O_APPEND | O_CREAT, 0600);
}

/// Only who holds the lock of the file that has the name takes the name away from it.
void rotate(const Paths& paths, int fd) {
    if (!sys::try_lock(fd, sys::LockKind::exclusive)) return;
    const auto file = paths.events() / kEventLog;
    struct stat ours {
    }, named{};
    check(::fstat(fd, &ours), "stat the log of events");
    if (::stat(file.c_str(), &named) < 0 || ours.st_ino != named.st_ino || ours.st_dev != named.st_dev)
        return;  // another one was faster
    check(::rename(file.c_str(), (paths.events() / kOldEventLog).c_str()), "rename '{}'", file.native());
}

void append(const Paths& paths, const std::string& line) {
    const auto fd = open_log(paths);
    const auto written = check(::write(fd.get(), line.data(), line.size()), "write the log of events");
    // The next line is one of its own.
    if (static_cast<size_t>(written) < line.size())
        check(::write(fd.get(), "\n", 1), "write the log of events");
    if (::lseek(fd.get(), 0, SEEK_CUR) > static_cast<off_t>(kEventLogBytes)) rotate(paths, fd.get());
}

}  // namespace

void note_event(const Paths& paths, Event event) noexcept {
    try {
        if (event.time == Timestamp{}) event.time = now();
        append(paths, to_line(event));
    } catch (const std::exception& e) {
        log::debug("event {} {}: {}", event.type, event.status, e.what());
    }
}

}  // namespace rpod::store
