// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/output.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "base/error.hh"
#include "sys/file.hh"

namespace rpod::sys {
namespace {

std::filesystem::path parent_of(const std::filesystem::path& path) {
    return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

/// "dir/" as "dir", so that it has a last name.
std::filesystem::path without_slash(const std::filesystem::path& path) {
    return path.has_filename() || !path.has_relative_path() ? path : path.parent_path();
}

std::string temporary_name() { return ".tmp-" + random_name(); }

std::optional<struct stat> find_status(const std::filesystem::path& path) {
    struct stat st {};
    if (::stat(path.c_str(), &st) == 0) return st;
    if (errno != ENOENT) throw SysError(errno, "stat '{}'", path.native());
    return std::nullopt;
}

/// /dev/stdout and /proc/self/fd/1 are the very file that somebody has open: another one in its place would
/// not be seen.
bool names_descriptor(const std::filesystem::path& path) {
    return path.native().starts_with("/dev/") || path.native().starts_with("/proc/");
}

std::filesystem::path follow_links(const std::filesystem::path& path) {
    std::error_code error;
    auto real = std::filesystem::canonical(path, error);
    if (error) throw SysError(error.value(), "resolve '{}'", path.native());
    return real;
}

mode_t default_mode() {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    return 0666 & ~mask;
}

}  // namespace

OutputFile::OutputFile(const std::filesystem::path& path) : path_(path) {
    const auto there = find_status(path);
    if (there && (!S_ISREG(there->st_mode) || names_descriptor(path))) {
        file_ = open_file(path, O_WRONLY | O_TRUNC);
        return;
    }
    if (there) path_ = follow_links(path);
    try {
        dir_ = open_file(parent_of(path_), O_RDONLY | O_DIRECTORY);
        open_replacement(there ? there->st_mode & 07777 : default_mode());
    } catch (const SysError& e) {
        if (!there || !(e.is(EACCES) || e.is(EPERM) || e.is(EROFS))) throw;
        dir_.reset();
        file_ = open_file(path_, O_WRONLY | O_TRUNC);
    }
}

void OutputFile::open_replacement(mode_t mode) {
    // Without a name it is gone however this process ends.
    const int fd = ::openat(dir_.get(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0) {
        file_ = Fd(fd);
    } else if (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL) {
        temporary_ = temporary_name();
        file_ = open_at(dir_.get(), temporary_, O_WRONLY | O_CREAT | O_EXCL, 0600);
    } else {
        throw SysError(errno, "create '{}'", path_.native());
    }
    check(::fchmod(file_.get(), mode), "set the mode of '{}'", path_.native());
}

void OutputFile::commit() {
    if (!dir_) return;
    if (temporary_.empty()) {
        const std::string name = temporary_name();
        const std::string link = fmt::format("/proc/self/fd/{}", file_.get());
        check(::linkat(AT_FDCWD, link.c_str(), dir_.get(), name.c_str(), AT_SYMLINK_FOLLOW), "create '{}'",
              path_.native());
        temporary_ = name;
    }
    check(::renameat(dir_.get(), temporary_.c_str(), dir_.get(), path_.filename().c_str()), "replace '{}'",
          path_.native());
    temporary_.clear();
    dir_ = Fd();
}

OutputFile::~OutputFile() {
    if (!temporary_.empty()) ::unlinkat(dir_.get(), temporary_.c_str(), 0);
}

OutputDir::OutputDir(const std::filesystem::path& path) : path_(without_slash(path)) {
    if (const auto there = find_status(path_)) {
        path_ = follow_links(path_);
        if (!S_ISDIR(there->st_mode)) throw Error("'{}' is not a directory", path_.native());
        if (!list_dir(open_file(path_, O_RDONLY | O_DIRECTORY).get()).empty())
            throw Error("the directory '{}' is not empty", path_.native());
    }
    parent_ = open_file(parent_of(path_), O_RDONLY | O_DIRECTORY);
    const std::string name = temporary_name();
    check(::mkdirat(parent_.get(), name.c_str(), 0777), "create a directory beside '{}'", path_.native());
    temporary_ = name;
    dir_ = open_at(parent_.get(), temporary_, O_RDONLY | O_DIRECTORY);
}

void OutputDir::commit() {
    check(::renameat(parent_.get(), temporary_.c_str(), parent_.get(), path_.filename().c_str()),
          "create '{}'", path_.native());
    temporary_.clear();
}

OutputDir::~OutputDir() {
    if (temporary_.empty()) return;
    try {
        remove_tree_at(parent_.get(), temporary_);
    } catch (const Error&) {
        // The error that led here says more.
    }
}

}  // namespace rpod::sys
