// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/mount.hh"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/strings.hh"
#include "sys/mount_table.hh"

namespace rpod::sys {

std::string proc_path(int fd) { return fmt::format("/proc/self/fd/{}", fd); }

void mount_on(const std::string& type, const std::string& source, int target, const std::string& what,
              unsigned long flags, const std::string& data) {
    check(::mount(source.c_str(), proc_path(target).c_str(), type.c_str(), flags,
                  data.empty() ? nullptr : data.c_str()),
          "mount {} on '{}'", type, printable(what));
}

namespace {

Fd open_tree(int dir, const char* path, unsigned flags, std::string_view what) {
    return Fd(
        static_cast<int>(check(::syscall(SYS_open_tree, dir, path, flags), "bind '{}'", printable(what))));
}

constexpr unsigned clone_flags(bool recursive) {
    return OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
}

}  // namespace

Fd clone_mount(int dir, const std::string& path, bool recursive) {
    return open_tree(dir, path.c_str(), clone_flags(recursive), path);
}

Fd clone_mount(int fd, bool recursive) {
    return open_tree(fd, "", clone_flags(recursive) | AT_EMPTY_PATH, "a directory");
}

void attach_mount(int mount, int target, const std::string& what) {
    check(::syscall(SYS_move_mount, mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH),
          "attach a mount on '{}'", printable(what));
}

namespace {

/// The MS_* flag that a remount uses for an attribute.
unsigned long remount_flags(uint64_t attributes) {
    unsigned long flags = 0;
    if (attributes & MOUNT_ATTR_RDONLY) flags |= MS_RDONLY;
    if (attributes & MOUNT_ATTR_NOSUID) flags |= MS_NOSUID;
    if (attributes & MOUNT_ATTR_NODEV) flags |= MS_NODEV;
    if (attributes & MOUNT_ATTR_NOEXEC) flags |= MS_NOEXEC;
    if (attributes & MOUNT_ATTR_NODIRATIME) flags |= MS_NODIRATIME;
    if ((attributes & MOUNT_ATTR__ATIME) == MOUNT_ATTR_NOATIME) flags |= MS_NOATIME;
    if ((attributes & MOUNT_ATTR__ATIME) == MOUNT_ATTR_STRICTATIME) flags |= MS_STRICTATIME;
    return flags;
}

/// What statfs(2) says of a mount, as flags for a remount: those that the kernel locked must be repeated.
unsigned long current_flags(int mount) {
    struct statfs fs {};
    check(::fstatfs(mount, &fs), "query the flags of a mount");
    unsigned long flags = 0;
    constexpr unsigned long kStRelatime = 4096;
    if (fs.f_flags & 1) flags |= MS_RDONLY;
    if (fs.f_flags & 2) flags |= MS_NOSUID;
    if (fs.f_flags & 4) flags |= MS_NODEV;
    if (fs.f_flags & 8) flags |= MS_NOEXEC;
    if (fs.f_flags & 1024) flags |= MS_NOATIME;
    if (fs.f_flags & 2048) flags |= MS_NODIRATIME;
    if (fs.f_flags & kStRelatime) flags |= MS_RELATIME;
    return flags;
}

}  // namespace

namespace {

/// @return false: the kernel has no mount_setattr(2)
bool set_attributes(int mount, uint64_t set, uint64_t clear, bool recursive, const std::string& what) {
    mount_attr attributes{};
    attributes.attr_set = set;
    attributes.attr_clr = clear;
    const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
    if (::syscall(SYS_mount_setattr, mount, "", flags, &attributes, sizeof attributes) == 0) return true;
    if (errno == ENOSYS) return false;
    throw SysError(errno, "change the mount flags of '{}'", printable(what));
}

void remount(int mount, uint64_t set, uint64_t clear, const std::string& what) {
    const auto now = (current_flags(mount) & ~remount_flags(clear)) | remount_flags(set);
    check(::mount(nullptr, proc_path(mount).c_str(), nullptr, MS_REMOUNT | MS_BIND | now, nullptr),
          "change the mount flags of '{}'", printable(what));
}

}  // namespace

void change_mount_by_remounts(int mount, uint64_t set, uint64_t clear, bool recursive,
                              const std::string& what) {
    remount(mount, set, clear, what);
    if (!recursive) return;
    for (const Fd& below : open_mounts_below(mount)) remount(below.get(), set, clear, what);
}

void change_mount(int mount, uint64_t set, uint64_t clear, bool recursive, const std::string& what) {
    if (set == 0 && clear == 0) return;
    if (!set_attributes(mount, set, clear, recursive, what))
        change_mount_by_remounts(mount, set, clear, recursive, what);
}

void attach_changed_mount(int mount, int target, uint64_t set, uint64_t clear, const std::string& what) {
    const bool changed = (set == 0 && clear == 0) || set_attributes(mount, set, clear, true, what);
    attach_mount(mount, target, what);
    if (!changed) change_mount_by_remounts(mount, set, clear, true, what);
}

void set_propagation(int mount, unsigned long propagation, const std::string& what) {
    check(::mount(nullptr, proc_path(mount).c_str(), nullptr, propagation, nullptr),
          "set the mount propagation of '{}'", printable(what));
}

void pivot_to_current_directory() {
    // pivot_root(2): with both arguments ".", the old root ends up mounted over the new one, and is unmounted
    // from there. It is a slave first, so that the unmount does not travel to where it came from.
    const Fd old_root(check(::open("/", O_DIRECTORY | O_PATH | O_CLOEXEC), "open '/'"));
    check(static_cast<int>(::syscall(SYS_pivot_root, ".", ".")), "pivot_root to the container's root");
    check(::fchdir(old_root.get()), "enter the old root");
    check(::mount(nullptr, ".", nullptr, MS_SLAVE | MS_REC, nullptr), "make the old root a slave");
    check(::umount2(".", MNT_DETACH), "unmount the old root");
    check(::chdir("/"), "enter the container's root");
}

long filesystem_type(int fd) {
    struct statfs fs {};
    check(::fstatfs(fd, &fs), "query a file system");
    return fs.f_type;
}

}  // namespace rpod::sys
