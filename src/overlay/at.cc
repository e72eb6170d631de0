// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/at.hh"

#include <dirent.h>
#include <fcntl.h>
#include <sys/xattr.h>

#include <charconv>
#include <cstring>
#include <memory>

namespace rpod::overlay {

FdPath::FdPath(int fd) noexcept {
    constexpr char kPrefix[] = "/proc/self/fd/";
    std::memcpy(text_, kPrefix, sizeof kPrefix - 1);
    *std::to_chars(text_ + sizeof kPrefix - 1, text_ + sizeof text_ - 1, fd).ptr = '\0';
}

Result<sys::Fd> open_at(int dir, const char* name, int flags, mode_t mode) noexcept {
    sys::Fd fd(::openat(dir, name, flags | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!fd) return Errno{errno};
    return fd;
}

Result<sys::Fd> reopen(int fd, int flags) noexcept {
    sys::Fd again(::open(FdPath(fd), flags | O_CLOEXEC));
    if (!again) return Errno{errno};
    return again;
}

Result<struct stat> stat_at(int dir, const char* name) noexcept {
    struct stat st {};
    const int flags = AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH);
    if (::fstatat(dir, name, &st, flags) < 0) return Errno{errno};
    return st;
}

namespace {

/// Asks for the length first; somebody may change the attribute in between.
template <class Call>
Result<std::string> sized(Call call) {
    std::string value(256, '\0');
    for (;;) {
        const ssize_t n = call(value.data(), value.size());
        if (n >= 0) {
            value.resize(static_cast<size_t>(n));
            return value;
        }
        if (errno != ERANGE) return Errno{errno};
        const ssize_t needed = call(nullptr, 0);
        if (needed < 0) return Errno{errno};
        value.resize(static_cast<size_t>(needed) + 1);
    }
}

}  // namespace

int drop_set_ids(int fd) noexcept {
    const auto st = stat_at(fd, "");
    if (!st) return st.err();
    mode_t drop = S_ISUID;
    if (st->st_mode & S_IXGRP) drop |= S_ISGID;
    if (!S_ISREG(st->st_mode) || !(st->st_mode & drop)) return 0;
    return error_of(::chmod(FdPath(fd), st->st_mode & 07777 & ~drop));
}

Result<std::string> get_xattr(int fd, const char* name) {
    const FdPath path(fd);
    return sized([&](char* data, size_t size) { return ::getxattr(path, name, data, size); });
}

Result<std::string> list_xattr(int fd) {
    const FdPath path(fd);
    return sized([&](char* data, size_t size) { return ::listxattr(path, data, size); });
}

int for_each_name(const std::string& names, const std::function<int(const char*)>& fn) {
    for (size_t at = 0; at < names.size(); at += std::strlen(&names[at]) + 1) {
        if (const int e = fn(&names[at])) return e;
    }
    return 0;
}

int read_dir(int dir, const std::function<bool(const DirRecord&)>& fn) {
    constexpr size_t kBuffer = 64 << 10;
    const auto fd = open_at(dir, ".", O_RDONLY | O_DIRECTORY);
    if (!fd) return fd.err();
    const std::unique_ptr<char[]> buffer(new char[kBuffer]);
    for (;;) {
        const ssize_t n = ::getdents64(fd->get(), buffer.get(), kBuffer);
        if (n <= 0) return error_of(n);
        for (ssize_t at = 0; at < n;) {
            const auto* entry = reinterpret_cast<const dirent64*>(buffer.get() + at);
            at += entry->d_reclen;
            const char* name = entry->d_name;
            if (name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]))) continue;
            if (!fn({name, entry->d_ino, entry->d_type})) return 0;
        }
    }
}

}  // namespace rpod::overlay
