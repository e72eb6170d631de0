// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/rooted_dir.hh"

#include <linux/openat2.h>
#include <sys/syscall.h>

#include "base/error.hh"
#include "base/strings.hh"
#include "sys/file.hh"

namespace rpod::sys {
namespace {

int open_in_root(int root, const std::string& path, int flags, mode_t mode) {
    open_how how{};
    how.flags = static_cast<uint64_t>(flags) | O_CLOEXEC;
    how.mode = (flags & (O_CREAT | O_TMPFILE)) ? mode : 0;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    // EAGAIN: a rename raced with a ".." on the way; the kernel asks to try again.
    for (int tries = 0; tries < 100; ++tries) {
        const long fd = ::syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how);
        if (fd >= 0 || errno != EAGAIN) return static_cast<int>(fd);
    }
    return -1;
}

}  // namespace

RootedDir RootedDir::open(const std::string& path) {
    return RootedDir(open_file(path, O_PATH | O_DIRECTORY));
}

Fd RootedDir::open(const std::string& path, int flags, mode_t mode) const {
    return Fd(check(open_in_root(root_.get(), path, flags, mode), "open '{}'", printable(path)));
}

std::optional<Fd> RootedDir::find(const std::string& path, int flags) const {
    const int fd = open_in_root(root_.get(), path, flags, 0);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) return std::nullopt;
    return Fd(check(fd, "open '{}'", printable(path)));
}

Fd RootedDir::make_dirs(const std::string& path, mode_t mode) const {
    // Each prefix is opened anew from the root, so that ".." and links are judged by the kernel alone; what
    // is missing is made through the descriptor of its parent.
    std::string done = ".";
    Fd at = open(done, O_PATH | O_DIRECTORY);
    for (const auto part : split(path, '/')) {
        if (part.empty() || part == ".") continue;
        const std::string next = done + "/" + std::string(part);
        auto found = find(next, O_PATH | O_DIRECTORY);
        if (!found) {
            if (::mkdirat(at.get(), std::string(part).c_str(), mode) < 0 && errno != EEXIST) {
                throw SysError(errno, "create directory '{}'", printable(next));
            }
            found = open(next, O_PATH | O_DIRECTORY);
        }
        at = std::move(*found);
        done = next;
    }
    return at;
}

std::optional<std::string> RootedDir::read_file(const std::string& path, size_t max_bytes) const {
    const auto fd = find(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!fd) return std::nullopt;
    struct stat st {};
    check(::fstat(fd->get(), &st), "stat '{}'", printable(path));
    if (!S_ISREG(st.st_mode)) return std::nullopt;
    return read_all(fd->get(), fmt::format("'{}'", printable(path)), max_bytes);
}

}  // namespace rpod::sys
