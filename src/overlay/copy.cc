// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/copy.hh"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <memory>
#include <string_view>

#include "overlay/at.hh"
#include "overlay/disk_format.hh"

namespace rpod::overlay {
namespace {

int copy_by_hand(int from, int to, off_t offset, off_t end) {
    constexpr size_t kBuffer = 256 << 10;
    const std::unique_ptr<char[]> buffer(new char[kBuffer]);
    while (offset < end) {
        const size_t want = std::min<size_t>(kBuffer, static_cast<size_t>(end - offset));
        const ssize_t n = ::pread(from, buffer.get(), want, offset);
        if (n < 0) return errno;
        if (n == 0) return 0;  // it has become shorter
        for (ssize_t done = 0; done < n;) {
            const ssize_t put =
                ::pwrite(to, buffer.get() + done, static_cast<size_t>(n - done), offset + done);
            if (put < 0) return errno;
            done += put;
        }
        offset += n;
    }
    return 0;
}

int copy_range(int from, int to, off_t offset, off_t end) {
    while (offset < end) {
        off_t in = offset;
        off_t out = offset;
        const ssize_t n = ::copy_file_range(from, &in, to, &out, static_cast<size_t>(end - offset), 0);
        if (n == 0) return 0;
        if (n < 0) {
            // Different file systems, or one that cannot.
            if (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)
                return copy_by_hand(from, to, offset, end);
            return errno;
        }
        offset += n;
    }
    return 0;
}

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
        if (const int e = copy_content(source->get(), made->get(), static_cast<uint64_t>(st.st_size)))
            return e;
    }
    if (const int e = copy_metadata(from, st, made->get())) return e;
    return options.sync ? error_of(::fsync(made->get())) : 0;
}

}  // namespace

int copy_content(int from, int to, uint64_t size) {
    if (::ioctl(to, FICLONE, from) == 0) return 0;
    const off_t end = static_cast<off_t>(size);
    for (off_t offset = 0; offset < end;) {
        const off_t data = ::lseek(from, offset, SEEK_DATA);
        if (data < 0 && errno == ENXIO) break;  // a hole up to the end
        if (data < 0) return copy_range(from, to, offset, end);
        const off_t hole = ::lseek(from, data, SEEK_HOLE);
        const off_t stop = hole < 0 ? end : std::min(hole, end);
        if (const int e = copy_range(from, to, data, stop)) return e;
        offset = stop;
    }
    return error_of(::ftruncate(to, end));
}

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
