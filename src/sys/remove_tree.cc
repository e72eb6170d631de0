// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <deque>
#include <vector>

#include "base/error.hh"
#include "base/strings.hh"
#include "sys/file.hh"

namespace rpod::sys {
namespace {

/// A directory that is to be emptied; nothing where somebody else has removed it meanwhile. By way of an
/// O_PATH descriptor: a link that takes its place at this moment is not followed.
std::optional<Fd> open_to_empty(int dir, const std::string& name) {
    const auto place = find_at(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (!place) return std::nullopt;
    // overlayfs leaves work/work with mode 0, containers leave what they like.
    int fd = ::openat(place->get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        ::fchmod(fd, 0700);
        return Fd(fd);
    }
    ::chmod(fmt::format("/proc/self/fd/{}", place->get()).c_str(), 0700);
    return open_at(place->get(), ".", O_RDONLY | O_DIRECTORY);
}

struct stat status_of(const Fd& fd, const std::string& name) {
    struct stat st {};
    check(::fstat(fd.get(), &st), "stat '{}'", printable(name));
    return st;
}

/// Whether `name` is no more; otherwise it is a directory.
bool remove_file(int dir, const std::string& name) {
    if (::unlinkat(dir, name.c_str(), 0) == 0 || errno == ENOENT) return true;
    if (errno != EISDIR && errno != EPERM) throw SysError(errno, "remove '{}'", printable(name));
    return false;
}

void remove_directory(int dir, const std::string& name) {
    if (::unlinkat(dir, name.c_str(), AT_REMOVEDIR) < 0 && errno != ENOENT)
        throw SysError(errno, "remove directory '{}'", printable(name));
}

/// Empties a tree of any depth with a bounded number of descriptors and without recursion: of the directories
/// on the way down only the deepest stay open, the others are found again as "..", and are known by their
/// number. Two processes may do this to one tree.
class TreeRemover {
  public:
    explicit TreeRemover(Fd top, const std::string& name) {
        device_ = status_of(top, name).st_dev;
        enter(std::move(top), name);
    }

    void run() {
        for (;;) {
            Level& level = way_.back();
            if (level.directories.empty()) {
                if (way_.size() == 1) return;
                leave();
            } else if (auto child = open_to_empty(level.fd.get(), level.directories.back())) {
                enter(std::move(*child), level.directories.back());
            } else {
                level.directories.pop_back();
            }
        }
    }

  private:
    struct Level {
        Fd fd;
        ino_t inode;
        std::vector<std::string>
            directories;  ///< still to be removed; the last one is next, or being emptied
    };
    static constexpr size_t kOpenLevels = 32;

    void enter(Fd fd, const std::string& name) {
        const auto st = status_of(fd, name);
        if (st.st_dev != device_)
            throw Error("remove '{}': another file system is mounted there", printable(name));
        Level level{.fd = std::move(fd), .inode = st.st_ino, .directories = {}};
        for (auto& entry : list_dir(level.fd.get())) {
            if (!remove_file(level.fd.get(), entry)) level.directories.push_back(std::move(entry));
        }
        way_.push_back(std::move(level));
        if (way_.size() > kOpenLevels) way_[way_.size() - 1 - kOpenLevels].fd.reset();
    }

    /// From a directory that is empty to the one above it.
    void leave() {
        const Fd emptied = std::move(way_.back().fd);
        way_.pop_back();
        Level& level = way_.back();
        if (!level.fd) level.fd = reopen(level, emptied);
        remove_directory(level.fd.get(), level.directories.back());
        level.directories.pop_back();
    }

    /// Somebody may have moved the directory that was emptied to another place, which is not ours to touch.
    Fd reopen(const Level& level, const Fd& child) const {
        Fd fd = open_at(child.get(), "..", O_RDONLY | O_DIRECTORY);
        const auto st = status_of(fd, "..");
        if (st.st_dev != device_ || st.st_ino != level.inode)
            throw Error("remove directory '{}': it was moved meanwhile", printable(level.directories.back()));
        return fd;
    }

    dev_t device_ = 0;
    std::deque<Level> way_;  ///< from the top to where we are
};

}  // namespace

void remove_tree_at(int dir, const std::string& name) {
    if (remove_file(dir, name)) return;
    auto top = open_to_empty(dir, name);
    if (!top) return;
    TreeRemover(std::move(*top), name).run();
    remove_directory(dir, name);
}

}  // namespace rpod::sys
