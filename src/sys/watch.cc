// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/watch.hh"

#include <poll.h>
#include <sys/inotify.h>

#include <cerrno>

#include "base/log.hh"

namespace rpod::sys {

DirectoryWatch::DirectoryWatch() : fd_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    if (!fd_) log::debug("inotify: error {}", errno);
}

void DirectoryWatch::add(const std::filesystem::path& directory) {
    constexpr uint32_t events =
        IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
    if (fd_ && ::inotify_add_watch(fd_.get(), directory.c_str(), events) < 0)
        log::debug("watch '{}': error {}", directory.native(), errno);
}

void DirectoryWatch::wait(int milliseconds) const {
    pollfd poll{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&poll, 1, milliseconds) <= 0) return;
    char events[4096];
    while (::read(fd_.get(), events, sizeof events) > 0) {
    }
}

}  // namespace rpod::sys
