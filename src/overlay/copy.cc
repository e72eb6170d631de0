// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/copy.hh"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <climits>
#include <string_view>

#include "overlay/at.hh"
#include "overlay/disk_format.hh"
#include "sys/copy_content.hh"

namespace rpod::overlay {
namespace {

/// Nobody in a user namespace may set some of them; the kernel's overlayfs passes over the same.
bool may_be_lost(std::string_view name, int e) {
    if (e == EOPNOTSUPP) return true;
    return (e == EPERM || e == EINVAL) && !name.starts_with("user.");
}

int copy_xattrs(int from, int to) {
    const auto names = list_xattr(from);
    if (!names) return names.err() == EOPNOTSUPP ? 0 : names.err();
    return for_each_name(*names, [&](const char* name) {
        if (is_overlay_xattr(name)) return 0;
        const auto value = get_xattr(from, name);
        if (!value) return value.err() == ENODATA || may_be_lost(name, value.err()) ? 0 : value.err();
        const int e = error_of(::setxattr(FdPath(to), name, value->data(), value->size(), 0));
        return may_be_lost(name, e) ? 0 : e;
    });
}

int copy_owner(const struct stat& st, int fd) {
    const auto now = stat_at(fd, "");
    if (now && now->st_uid == st.st_uid && now->st_gid == st.st_gid) return 0;
    return error_of(::fchownat(fd, "", st.st_uid, st.st_gid, AT_EMPTY_PATH));
}

/// Owner before attributes and mode: chown(2) takes away capabilities and set-ID bits. Times last.
int copy_metadata(int from, const struct stat& st, int to) {
    if (const int e = copy_owner(st, to)) return e;
    if (const int e = copy_xattrs(from, to)) return e;
    const FdPath path(to);
    if (::chmod(path, st.st_mode & 07777) < 0) return errno;
    const timespec times[] = {st.st_atim, st.st_mtim};
    return error_of(::utimensat(AT_FDCWD, path, times, 0));
}

int copy_link(int from, const struct stat& st, int dir, const char* name) {
    char target[PATH_MAX];
    const ssize_t n = ::readlinkat(from, "", target, sizeof target - 1);
    if (n < 0) return errno;
    target[n] = '\0';
    if (::symlinkat(target, dir, name) < 0) return errno;
    const auto made = open_at(dir, name, O_PATH);
    if (!made) return made.err();
    if (const int e = copy_owner(st, made->get())) return e;
    const timespec times[] = {st.st_atim, st.st_mtim};
    return error_of(::utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW));
}

int copy_regular(int from, const struct stat& st, int dir, const char* name, CopyOptions options) {
    const auto made = open_at(dir, name, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (!made) return made.err();
    if (options.content && st.st_size > 0) {
        const auto source = reopen(from, O_RDONLY);
        if (!source) return source.err();
        if (const int e = sys::copy_content(source->get(), made->get(), static_cast<uint64_t>(st.st_size)))
            return e;
    }
    if (const int e = copy_metadata(from, st, made->get())) return e;
    return options.sync ? error_of(::fsync(made->get())) : 0;
}

}  // namespace

int copy_file(int from, const struct stat& st, int dir, const char* name, CopyOptions options) {
    if (S_ISREG(st.st_mode)) return copy_regular(from, st, dir, name, options);
    if (S_ISLNK(st.st_mode)) return copy_link(from, st, dir, name);
    const int rc = S_ISDIR(st.st_mode) ? ::mkdirat(dir, name, 0700)
                                       : ::mknodat(dir, name, (st.st_mode & S_IFMT) | 0600, st.st_rdev);
    if (rc < 0) return errno;
    const auto made = open_at(dir, name, O_PATH);
    if (!made) return made.err();
    return copy_metadata(from, st, made->get());
}

}  // namespace rpod::overlay
