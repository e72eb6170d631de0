// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/file.hh"

#include <dirent.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <memory>

#include "base/defer.hh"
#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::sys {

Fd open_at(int dir, const std::filesystem::path& path, int flags, mode_t mode) {
    return Fd(
        check(::openat(dir, path.c_str(), flags | O_CLOEXEC, mode), "open '{}'", printable(path.native())));
}

Fd open_file(const std::filesystem::path& path, int flags, mode_t mode) {
    return open_at(AT_FDCWD, path, flags, mode);
}

Fd duplicate(int fd) {
    constexpr int kAboveStandard = 3;
    return Fd(check(::fcntl(fd, F_DUPFD_CLOEXEC, kAboveStandard), "duplicate a descriptor"));
}

std::optional<Fd> find_at(int dir, const std::filesystem::path& path, int flags) {
    const int fd = ::openat(dir, path.c_str(), flags | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
    return Fd(check(fd, "open '{}'", printable(path.native())));
}

std::string read_all(int fd, std::string_view what, size_t max_bytes) {
    std::string data;
    struct stat st {};
    // A hint only: files of /proc say 0.
    if (::fstat(fd, &st) == 0 && st.st_size > 0) data.reserve(std::min<size_t>(st.st_size, max_bytes) + 1);
    size_t used = 0;
    for (;;) {
        data.resize(std::max<size_t>(used + 4096, data.capacity()));
        const ssize_t n = ::read(fd, data.data() + used, data.size() - used);
        if (n < 0 && errno == EINTR) continue;
        check(n, "read {}", what);
        if (n == 0) break;
        used += static_cast<size_t>(n);
        if (used > max_bytes) throw Error("read {}: larger than the {} bytes allowed", what, max_bytes);
    }
    data.resize(used);
    return data;
}

std::string read_file_at(int dir, const std::filesystem::path& path, size_t max_bytes) {
    const Fd fd = open_at(dir, path, O_RDONLY);
    return read_all(fd.get(), fmt::format("'{}'", path.native()), max_bytes);
}

std::string read_file(const std::filesystem::path& path, size_t max_bytes) {
    return read_file_at(AT_FDCWD, path, max_bytes);
}

std::optional<std::string> find_file(const std::filesystem::path& path, size_t max_bytes) {
    const auto fd = find_at(AT_FDCWD, path, O_RDONLY);
    if (!fd) return std::nullopt;
    return read_all(fd->get(), fmt::format("'{}'", path.native()), max_bytes);
}

void write_all(int fd, std::string_view data, std::string_view what) {
    while (!data.empty()) {
        const ssize_t n = ::write(fd, data.data(), data.size());
        if (n < 0 && errno == EINTR) continue;
        check(n, "write {}", what);
        data.remove_prefix(static_cast<size_t>(n));
    }
}

void write_existing(const std::filesystem::path& path, std::string_view data) {
    const Fd fd = open_file(path, O_WRONLY);
    check(::write(fd.get(), data.data(), data.size()), "write '{}'", path.native());
}

void replace_file_at(int dir, const std::filesystem::path& name, std::string_view data, mode_t mode,
                     Sync sync) {
    const std::string temporary = ".tmp-" + random_name();
    const Fd fd = open_at(dir, temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
    Defer remove([&] { ::unlinkat(dir, temporary.c_str(), 0); });
    const std::string what = fmt::format("'{}'", name.native());
    write_all(fd.get(), data, what);
    if (sync == Sync::yes) check(::fsync(fd.get()), "sync {}", what);
    check(::renameat(dir, temporary.c_str(), dir, name.c_str()), "rename '{}' to {}", temporary, what);
    remove.dismiss();
}

void replace_file(const std::filesystem::path& path, std::string_view data, mode_t mode, Sync sync) {
    // A name alone is one of the working directory.
    const Fd dir = open_file(path.has_parent_path() ? path.parent_path() : ".", O_RDONLY | O_DIRECTORY);
    replace_file_at(dir.get(), path.filename(), data, mode, sync);
}

void make_dirs(const std::filesystem::path& path, mode_t mode) {
    if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return;
    if (errno == ENOENT && path.has_parent_path() && path.parent_path() != path) {
        make_dirs(path.parent_path(), mode);
        if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return;
    }
    throw SysError(errno, "create directory '{}'", path.native());
}

std::vector<std::string> list_dir(int dir) {
    // A descriptor of its own: readdir moves the offset that duplicates share.
    Fd own = open_at(dir, ".", O_RDONLY | O_DIRECTORY);
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(own.get()), ::closedir);
    if (!stream) throw SysError(errno, "read a directory");
    (void)own.release();
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(stream.get());
        if (!entry) {
            if (errno != 0) throw SysError(errno, "read a directory");
            return names;
        }
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
}

std::string random_hex(size_t bytes) {
    std::string raw(bytes, '\0');
    check(::getrandom(raw.data(), raw.size(), 0), "get random bytes");
    return to_hex(reinterpret_cast<const uint8_t*>(raw.data()), raw.size());
}

std::string random_name() { return random_hex(8); }

namespace {

struct flock whole_file(LockKind kind) {
    struct flock l {};
    l.l_type = kind == LockKind::shared ? F_RDLCK : F_WRLCK;
    l.l_whence = SEEK_SET;
    return l;
}

}  // namespace

bool try_lock(int fd, LockKind kind) {
    struct flock l = whole_file(kind);
    if (::fcntl(fd, F_SETLK, &l) == 0) return true;
    if (errno == EAGAIN || errno == EACCES) return false;
    throw SysError(errno, "lock a file");
}

void lock(int fd, LockKind kind) {
    struct flock l = whole_file(kind);
    while (::fcntl(fd, F_SETLKW, &l) < 0) {
        if (errno != EINTR) throw SysError(errno, "lock a file");
    }
}

std::optional<pid_t> lock_holder(int fd) {
    struct flock l = whole_file(LockKind::exclusive);
    check(::fcntl(fd, F_GETLK, &l), "query the lock of a file");
    if (l.l_type == F_UNLCK) return std::nullopt;
    return l.l_pid > 0 ? l.l_pid : 0;
}

}  // namespace rpod::sys
