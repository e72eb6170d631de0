// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <fcntl.h>
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/fd.hh"

/// Files of our own: the store, /proc, /etc. Trees that an image or a container can shape are only touched
/// through RootedDir (sys/rooted_dir.hh).
namespace rpod::sys {

/// openat(2) with O_CLOEXEC. @throws SysError "open 'path'"
Fd open_at(int dir, const std::filesystem::path& path, int flags, mode_t mode = 0);
Fd open_file(const std::filesystem::path& path, int flags, mode_t mode = 0);
/// As open_at, but nothing where the file does not exist (ENOENT, ENOTDIR).
std::optional<Fd> find_at(int dir, const std::filesystem::path& path, int flags);

/// A descriptor of our own for what a borrowed one refers to. @throws SysError
Fd duplicate(int fd);

/// The whole content. @throws SysError; Error where it is larger than max_bytes
std::string read_all(int fd, std::string_view what, size_t max_bytes = 16 << 20);
std::string read_file(const std::filesystem::path& path, size_t max_bytes = 16 << 20);
std::string read_file_at(int dir, const std::filesystem::path& path, size_t max_bytes = 16 << 20);
/// Nothing where it does not exist.
std::optional<std::string> find_file(const std::filesystem::path& path, size_t max_bytes = 16 << 20);

/// Writes all of it; EINTR and short writes are handled. @throws SysError "write what"
void write_all(int fd, std::string_view data, std::string_view what);
/// Opens an existing file (of /proc or /sys, say) and hands it data in one write(2).
void write_existing(const std::filesystem::path& path, std::string_view data);

enum class Sync { no, yes };
/// Replaces `name` in `dir` atomically: temporary name (".tmp-…"), fsync with Sync::yes, rename. Readers see
/// the old content or the new one; a crash leaves at most the temporary name.
void replace_file_at(int dir, const std::filesystem::path& name, std::string_view data, mode_t mode,
                     Sync sync);
void replace_file(const std::filesystem::path& path, std::string_view data, mode_t mode = 0600,
                  Sync sync = Sync::no);

/// mkdir -p for our own directories; existing ones keep their mode.
void make_dirs(const std::filesystem::path& path, mode_t mode = 0700);

/// Names in a directory without "." and "..", in no order.
std::vector<std::string> list_dir(int dir);
/// Removes `name` below `dir` and all that is in it without following a link or crossing to another file
/// system, and gives directories back the permissions that overlayfs takes away. Absent is fine. @throws
/// SysError
void remove_tree_at(int dir, const std::string& name);

/// A random name part of 16 hex digits, and n random bytes.
std::string random_name();
std::string random_hex(size_t bytes);

/// POSIX record locks on the whole file (fcntl(2), F_SETLK): dropped by the kernel when the process that took
/// it dies or closes any descriptor of the file, not inherited by fork.
enum class LockKind { shared, exclusive };
/// false where another process holds a lock that conflicts.
bool try_lock(int fd, LockKind kind);
/// Waits.
void lock(int fd, LockKind kind);
/// The pid (in our PID namespace; 0 where it is not visible there) of a process whose lock would keep us from
/// taking an exclusive one; nothing where there is none.
std::optional<pid_t> lock_holder(int fd);

}  // namespace rpod::sys
