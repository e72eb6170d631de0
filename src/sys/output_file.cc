// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/output_file.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hh"
#include "sys/file.hh"
#include "sys/mount.hh"

namespace rpod::sys {
namespace {

constexpr mode_t kMode = 0644;

/// Standard output may be a regular file, which the name of a descriptor leads to: it is not ours to replace.
bool names_descriptor(const std::filesystem::path& path) {
    return path.native().starts_with("/dev/") || path.native().starts_with("/proc/");
}

}  // namespace

OutputFile::OutputFile(const std::filesystem::path& path) {
    struct stat st {};
    const bool exists = ::stat(path.c_str(), &st) == 0;
    if (names_descriptor(path) || (exists && !S_ISREG(st.st_mode))) {
        fd_ = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, kMode);
        return;
    }
    try {
        // Behind a link the file is replaced, not the link.
        open_temporary(exists ? std::filesystem::canonical(path) : path);
    } catch (const SysError& e) {
        if (!exists || !(e.is(EACCES) || e.is(EPERM) || e.is(EROFS))) throw;
        dir_.reset();
        fd_ = open_file(path, O_WRONLY | O_TRUNC);
        return;
    }
    if (exists) check(::fchmod(fd_.get(), st.st_mode & 0777), "set the mode of '{}'", path.native());
}

void OutputFile::open_temporary(const std::filesystem::path& path) {
    const auto parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    name_ = path.filename();
    dir_ = open_file(parent, O_RDONLY | O_DIRECTORY);
    const int fd = ::openat(dir_.get(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, kMode);
    if (fd >= 0) {
        fd_ = Fd(fd);
        return;
    }
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
        throw SysError(errno, "create '{}'", path.native());
    // Not every file system has files without names.
    temporary_ = ".tmp-" + random_name();
    fd_ = open_at(dir_.get(), temporary_, O_WRONLY | O_CREAT | O_EXCL, kMode);
}

void OutputFile::finish() {
    if (!dir_) return;
    if (temporary_.empty()) {
        // link(2) replaces nothing: a name of its own first.
        const auto name = ".tmp-" + random_name();
        check(::linkat(AT_FDCWD, proc_path(fd_.get()).c_str(), dir_.get(), name.c_str(), AT_SYMLINK_FOLLOW),
              "give '{}' a name", name_);
        temporary_ = name;
    }
    check(::renameat(dir_.get(), temporary_.c_str(), dir_.get(), name_.c_str()), "rename a file to '{}'",
          name_);
    temporary_.clear();
    dir_.reset();
}

OutputFile::~OutputFile() {
    if (!temporary_.empty()) ::unlinkat(dir_.get(), temporary_.c_str(), 0);
}

}  // namespace rpod::sys
