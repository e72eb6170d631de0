// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/tree_archive.hh"

#include <fcntl.h>
#include <linux/limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <functional>
#include <map>
#include <vector>

#include "base/error.hh"
#include "base/strings.hh"
#include "sys/file.hh"

namespace rpod::image {
namespace {

using overlay::EntryType;
using overlay::LayerEntry;

struct stat status_of(int fd, const std::string& path) {
    struct stat st {};
    check(::fstat(fd, &st), "stat '{}'", printable(path));
    return st;
}

LayerEntry make_entry(const std::string& path, const struct stat& st, EntryType type) {
    LayerEntry e;
    e.path = path;
    e.type = type;
    e.mode = st.st_mode & 07777;
    e.uid = st.st_uid;
    e.gid = st.st_gid;
    e.mtime_s = st.st_mtim.tv_sec;
    return e;
}

/// A '=' would end the name in a pax record.
bool is_kept(std::string_view name) {
    return name == "security.capability" ||
           (name.starts_with("user.") && name.find('=') == std::string_view::npos);
}

/// Nothing where it was removed meanwhile.
std::optional<std::string> read_xattr(int fd, const std::string& name, const std::string& path) {
    std::string value(XATTR_SIZE_MAX, '\0');
    const ssize_t n = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
    if (n < 0 && errno == ENODATA) return std::nullopt;
    check(n, "read the attribute '{}' of '{}'", printable(name), printable(path));
    value.resize(static_cast<size_t>(n));
    return value;
}

void read_xattrs(int fd, LayerEntry& entry) {
    std::string names(XATTR_LIST_MAX, '\0');
    const ssize_t n = ::flistxattr(fd, names.data(), names.size());
    if (n < 0 && errno == ENOTSUP) return;
    check(n, "list the attributes of '{}'", printable(entry.path));
    names.resize(static_cast<size_t>(n));
    for (const auto part : split(names, '\0')) {
        if (!is_kept(part)) continue;
        const std::string name(part);
        if (auto value = read_xattr(fd, name, entry.path)) entry.xattrs.emplace_back(name, std::move(*value));
    }
    std::sort(entry.xattrs.begin(), entry.xattrs.end());
}

/// Every path is resolved anew below the root: a tree of any depth needs one descriptor, and a directory that
/// is replaced by a link leads nowhere else.
class TreeArchiver {
  public:
    TreeArchiver(const sys::RootedDir& root, TarWriter& out) : root_(root), out_(out) {}

    void run() {
        visit_children(root_.open(".", O_RDONLY | O_DIRECTORY).get(), "");
        while (!todo_.empty()) {
            const auto path = std::move(todo_.back());
            todo_.pop_back();
            visit(path);
        }
    }

  private:
    void visit(const std::string& path) {
        const auto found = root_.find(path, O_PATH | O_NOFOLLOW);
        if (!found) return;
        const auto st = status_of(found->get(), path);
        switch (st.st_mode & S_IFMT) {
            case S_IFDIR:
                return add_directory(path);
            case S_IFREG:
                return add_file(path);
            case S_IFLNK:
                return add_symlink(found->get(), path, st);
            case S_IFIFO:
                return out_.add(make_entry(path, st, EntryType::fifo));
            case S_IFCHR:
            case S_IFBLK:
                return add_device(path, st);
            default:
                return;
        }
    }

    void add_directory(const std::string& path) {
        const auto fd = root_.find(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (!fd) return;
        auto entry = make_entry(path, status_of(fd->get(), path), EntryType::directory);
        read_xattrs(fd->get(), entry);
        out_.add(entry);
        visit_children(fd->get(), path + "/");
    }

    void visit_children(int fd, const std::string& prefix) {
        auto names = sys::list_dir(fd);
        std::sort(names.begin(), names.end(), std::greater<>());
        for (const auto& name : names) todo_.push_back(prefix + name);
    }

    void add_file(const std::string& path) {
        // Never waits: what was a file may be a fifo by now.
        const auto fd = root_.find(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
        if (!fd) return;
        const auto st = status_of(fd->get(), path);
        if (!S_ISREG(st.st_mode)) return;
        auto entry = make_entry(path, st, EntryType::regular);
        if (st.st_nlink > 1) {
            const auto [first, is_new] = links_.try_emplace({st.st_dev, st.st_ino}, path);
            if (!is_new) {
                entry.type = EntryType::hardlink;
                entry.target = first->second;
                return out_.add(entry);
            }
        }
        read_xattrs(fd->get(), entry);
        entry.size = static_cast<uint64_t>(st.st_size);
        FdSource content(fd->get(), fmt::format("'{}'", printable(path)));
        out_.add(entry, &content);
    }

    void add_symlink(int fd, const std::string& path, const struct stat& st) {
        std::string target(PATH_MAX, '\0');
        const ssize_t n = ::readlinkat(fd, "", target.data(), target.size());
        check(n, "read the link '{}'", printable(path));
        target.resize(static_cast<size_t>(n));
        auto entry = make_entry(path, st, EntryType::symlink);
        entry.target = std::move(target);
        out_.add(entry);
    }

    void add_device(const std::string& path, const struct stat& st) {
        auto entry =
            make_entry(path, st, S_ISCHR(st.st_mode) ? EntryType::char_device : EntryType::block_device);
        entry.dev_major = major(st.st_rdev);
        entry.dev_minor = minor(st.st_rdev);
        out_.add(entry);
    }

    const sys::RootedDir& root_;
    TarWriter& out_;
    std::vector<std::string> todo_;  ///< the next one last
    std::map<std::pair<dev_t, ino_t>, std::string> links_;
};

}  // namespace

void archive_tree(const sys::RootedDir& root, TarWriter& out) { TreeArchiver(root, out).run(); }

}  // namespace rpod::image
