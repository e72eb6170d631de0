// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "store/temporary.hh"

#include <sys/stat.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "sys/file.hh"

namespace rpod::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = ".tmp-";
constexpr const char* kLockName = "lock";

/// Record locks do not conflict within a process, and closing any descriptor of a file drops them: our own
/// temporaries are known by name and never opened by our own sweep.
class OwnNames {
  public:
    void add(const fs::path& path) {
        const std::lock_guard guard(mutex_);
        names_.insert(path);
    }
    void remove(const fs::path& path) {
        const std::lock_guard guard(mutex_);
        names_.erase(path);
    }
    bool contains(const fs::path& path) {
        const std::lock_guard guard(mutex_);
        return names_.contains(path);
    }

  private:
    std::mutex mutex_;
    std::set<fs::path> names_;
};

OwnNames& own_names() {
    static OwnNames names;
    return names;
}

fs::path new_name(const fs::path& parent) { return parent / (std::string(kPrefix) + sys::random_name()); }

void lock_or_throw(int fd, const fs::path& path) {
    if (!sys::try_lock(fd, sys::LockKind::exclusive))
        throw Error("'{}' is locked by another process", path.native());
}

/// Whether the maker of this temporary lives. One that cannot be opened is nobody's.
bool is_alive(int dir, const std::string& name) {
    struct stat st {};
    if (::fstatat(dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0) return false;
    const std::string lock_path = S_ISDIR(st.st_mode) ? name + "/" + kLockName : name;
    if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)) return false;
    const auto fd = sys::find_at(dir, lock_path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
    return fd && sys::lock_holder(fd->get()).has_value();
}

}  // namespace

TemporaryDir::TemporaryDir(const fs::path& parent, const StoreLock&) : path_(new_name(parent)) {
    check(::mkdir(path_.c_str(), 0700), "create directory '{}'", path_.native());
    own_names().add(path_);
    try {
        dir_ = sys::open_file(path_, O_RDONLY | O_DIRECTORY);
        lock_ = sys::open_at(dir_.get(), kLockName, O_RDWR | O_CREAT | O_EXCL, 0600);
        lock_or_throw(lock_.get(), path_);
    } catch (...) {
        ::unlink((path_ / kLockName).c_str());
        ::rmdir(path_.c_str());
        own_names().remove(path_);
        throw;
    }
}

TemporaryDir::~TemporaryDir() {
    if (!dir_) return;
    try {
        sys::remove_tree_at(AT_FDCWD, path_);
    } catch (const Error& e) {
        // What is left is swept later.
        log::debug("remove '{}': {}", path_.native(), e.what());
    }
    own_names().remove(path_);
}

TemporaryFile::TemporaryFile(const fs::path& parent, const StoreLock&) : path_(new_name(parent)) {
    fd_ = sys::open_file(path_, O_RDWR | O_CREAT | O_EXCL, 0600);
    own_names().add(path_);
    try {
        lock_or_throw(fd_.get(), path_);
    } catch (...) {
        ::unlink(path_.c_str());
        own_names().remove(path_);
        throw;
    }
}

TemporaryFile::~TemporaryFile() {
    if (!fd_ || path_.empty()) return;
    ::unlink(path_.c_str());
    own_names().remove(path_);
}

void TemporaryFile::rename_to(const std::string& name) {
    const fs::path target = path_.parent_path() / name;
    check(::rename(path_.c_str(), target.c_str()), "rename '{}' to '{}'", path_.native(), target.native());
    own_names().remove(path_);
    path_.clear();
}

bool has_temporaries(const fs::path& dir) {
    const auto fd = sys::find_at(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY);
    if (!fd) return false;
    const auto names = sys::list_dir(fd->get());
    return std::any_of(names.begin(), names.end(),
                       [](const auto& name) { return name.starts_with(kPrefix); });
}

void sweep(const fs::path& dir, const StoreLock& exclusive) {
    if (!exclusive.exclusive()) throw Error("internal error: a sweep needs the exclusive store lock");
    const auto fd = sys::find_at(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY);
    if (!fd) return;
    for (const auto& name : sys::list_dir(fd->get())) {
        if (!name.starts_with(kPrefix) || own_names().contains(dir / name) || is_alive(fd->get(), name))
            continue;
        log::debug("removing '{}', which a process that died left in '{}'", printable(name), dir.native());
        sys::remove_tree_at(fd->get(), name);
    }
}

}  // namespace rpod::store
