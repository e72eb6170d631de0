// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <string>

#include "sys/fd.hh"

/// Mounts by descriptor: the target is always an O_PATH descriptor that was resolved inside its root, so that
/// no path is walked twice.
namespace rpod::sys {

/// mount(2) on the directory or file behind `target`. Flags are MS_*. @throws SysError "mount 'type' on
/// 'what'"
/// @param what  names the target in errors
void mount_on(const std::string& type, const std::string& source, int target, const std::string& what,
              unsigned long flags, const std::string& data);

/// A detached copy of the mount at `path` below `dir` (open_tree(2)); with `recursive` of all mounts below
/// it, too, which the kernel demands where a locked mount is among them.
Fd clone_mount(int dir, const std::string& path, bool recursive);
/// The same for the file or directory behind a descriptor.
Fd clone_mount(int fd, bool recursive);
/// Attaches a detached mount on the file or directory behind `target` (move_mount(2)).
void attach_mount(int mount, int target, const std::string& what);

/// Sets and clears MOUNT_ATTR_* of the attached mount behind a descriptor, of all below it with `recursive`
/// (mount_setattr(2); on kernels before 5.12 by remounts). @throws SysError
void change_mount(int mount, uint64_t set, uint64_t clear, bool recursive, const std::string& what);
/// The same by remounts, with any kernel.
void change_mount_by_remounts(int mount, uint64_t set, uint64_t clear, bool recursive,
                              const std::string& what);
/// Attaches a detached mount, as attach_mount does, that has changed with all below it before anybody can see
/// it. Kernels before 5.12 change only what is attached: there it happens right after.
void attach_changed_mount(int mount, int target, uint64_t set, uint64_t clear, const std::string& what);
/// Propagation of the mount behind a descriptor: MS_PRIVATE, MS_SLAVE, MS_SHARED or MS_UNBINDABLE, with
/// MS_REC.
void set_propagation(int mount, unsigned long propagation, const std::string& what);

/// Makes the current directory the root of this mount namespace and lets go of the old one (pivot_root(2),
/// "pivot_root(".",
/// ".")").
void pivot_to_current_directory();

/// statfs(2) type of what is behind a descriptor: PROC_SUPER_MAGIC, …
long filesystem_type(int fd);

/// Where /proc shows a descriptor, for calls that only take paths.
std::string proc_path(int fd);

}  // namespace rpod::sys
