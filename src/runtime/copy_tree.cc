// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/copy_tree.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <string>

#include "base/error.hh"
#include "base/strings.hh"
#include "sys/copy_content.hh"
#include "sys/file.hh"

namespace rpod::runtime {
namespace {

/// Deeper trees than any path can name are somebody's malice.
constexpr int kMaxDepth = 2048;

struct stat stat_at(int dir, const std::string& name) {
    struct stat st {};
    check(::fstatat(dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW), "stat '{}'", printable(name));
    return st;
}

void copy_xattrs(int from, int to, const std::string& name) {
    std::array<char, 65536> names{};
    const ssize_t size = ::flistxattr(from, names.data(), names.size());
    if (size <= 0) return;
    std::array<char, 65536> value{};
    for (const char* at = names.data(); at < names.data() + size;
         at += std::char_traits<char>::length(at) + 1) {
        const ssize_t n = ::fgetxattr(from, at, value.data(), value.size());
        if (n < 0) continue;
        // A file system without xattrs, or a name that only the host's root may set: the copy goes without,
        // as tar's does.
        if (::fsetxattr(to, at, value.data(), static_cast<size_t>(n), 0) < 0 && errno != EOPNOTSUPP &&
            errno != EPERM) {
            throw SysError(errno, "copy an attribute of '{}'", printable(name));
        }
    }
}

/// Owner first: chown clears set-ID bits.
void copy_metadata(int to, const struct stat& st, const std::string& name) {
    check(::fchown(to, st.st_uid, st.st_gid), "set the owner of '{}'", printable(name));
    check(::fchmod(to, st.st_mode & 07777), "set the mode of '{}'", printable(name));
    const std::array<timespec, 2> times{st.st_atim, st.st_mtim};
    check(::futimens(to, times.data()), "set the times of '{}'", printable(name));
}

void copy_file(int from_dir, int to_dir, const std::string& name, const struct stat& st) {
    const auto from = sys::open_at(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const auto to = sys::open_at(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (const int e = sys::copy_content(from.get(), to.get(), static_cast<uint64_t>(st.st_size)))
        throw SysError(e, "copy '{}'", printable(name));
    copy_xattrs(from.get(), to.get(), name);
    copy_metadata(to.get(), st, name);
}

void copy_link(int from_dir, int to_dir, const std::string& name, const struct stat& st) {
    std::array<char, 4096> target{};
    const ssize_t n = check(::readlinkat(from_dir, name.c_str(), target.data(), target.size() - 1),
                            "read the link '{}'", printable(name));
    target[static_cast<size_t>(n)] = '\0';
    check(::symlinkat(target.data(), to_dir, name.c_str()), "make the link '{}'", printable(name));
    check(::fchownat(to_dir, name.c_str(), st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW),
          "set the owner of '{}'", printable(name));
}

void copy_directory(int from, int to, dev_t device, int depth);

void copy_entry(int from, int to, const std::string& name, dev_t device, int depth) {
    const auto st = stat_at(from, name);
    if (S_ISDIR(st.st_mode)) {
        if (st.st_dev != device) return;
        const auto from_child = sys::open_at(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        check(::mkdirat(to, name.c_str(), 0700), "create directory '{}'", printable(name));
        const auto to_child = sys::open_at(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        copy_directory(from_child.get(), to_child.get(), device, depth + 1);
    } else if (S_ISREG(st.st_mode)) {
        copy_file(from, to, name, st);
    } else if (S_ISLNK(st.st_mode)) {
        copy_link(from, to, name, st);
    } else if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)) {
        check(::mknodat(to, name.c_str(), st.st_mode & (S_IFMT | 07777), 0), "make '{}'", printable(name));
        check(::fchownat(to, name.c_str(), st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW),
              "set the owner of '{}'", printable(name));
    }
}

void copy_directory(int from, int to, dev_t device, int depth) {
    if (depth > kMaxDepth) throw Error("copy a tree: it is deeper than {} directories", kMaxDepth);
    for (const auto& name : sys::list_dir(from)) copy_entry(from, to, name, device, depth);
    struct stat st {};
    check(::fstat(from, &st), "stat a directory");
    copy_xattrs(from, to, ".");
    copy_metadata(to, st, ".");
}

void chown_content(int dir, uid_t uid, gid_t gid, dev_t device, int depth) {
    if (depth > kMaxDepth)
        throw Error("change the owner of a tree: it is deeper than {} directories", kMaxDepth);
    for (const auto& name : sys::list_dir(dir)) {
        const auto st = stat_at(dir, name);
        if (st.st_dev != device) continue;
        if (S_ISDIR(st.st_mode)) {
            const auto child = sys::open_at(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
            chown_content(child.get(), uid, gid, device, depth + 1);
        }
        if (st.st_uid == uid && st.st_gid == gid) continue;
        check(::fchownat(dir, name.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW), "set the owner of '{}'",
              printable(name));
    }
}

dev_t device_of(int dir) {
    struct stat st {};
    check(::fstat(dir, &st), "stat a directory");
    return st.st_dev;
}

}  // namespace

void copy_tree(int from, int to) { copy_directory(from, to, device_of(from), 0); }

bool is_empty_directory(int dir) { return sys::list_dir(dir).empty(); }

void chown_tree(int dir, uid_t uid, gid_t gid) {
    chown_content(dir, uid, gid, device_of(dir), 0);
    check(::fchown(dir, uid, gid), "set the owner of a directory");
}

}  // namespace rpod::runtime
