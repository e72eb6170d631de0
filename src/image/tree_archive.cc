// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/tree_archive.hh"

#include <fcntl.h>
#include <linux/limits.h>
#include <linux/magic.h>
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
#include "base/log.hh"
#include "base/strings.hh"
#include "overlay/disk_format.hh"
#include "sys/file.hh"
#include "sys/mount.hh"

namespace rpod::image {
namespace {

using overlay::EntryType;
using overlay::LayerEntry;

struct stat status_of(int fd, const std::string& path) {
    struct stat st {};
    check(::fstat(fd, &st), "stat '{}'", printable(path));
    return st;
}

/// Nothing where there is none, or none any more.
std::optional<std::string> read_xattr(int fd, const std::string& name, const std::string& path) {
    std::string value(XATTR_SIZE_MAX, '\0');
    const ssize_t n = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
    if (n < 0 && (errno == ENODATA || errno == EOPNOTSUPP)) return std::nullopt;
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
        if (!is_archived_xattr(part)) continue;
        const std::string name(part);
        if (auto value = read_xattr(fd, name, entry.path)) entry.xattrs.emplace_back(name, std::move(*value));
    }
    std::sort(entry.xattrs.begin(), entry.xattrs.end());
}

bool is_kernel_file_system(long type) {
    switch (type) {
        case PROC_SUPER_MAGIC:
        case SYSFS_MAGIC:
        case CGROUP_SUPER_MAGIC:
        case CGROUP2_SUPER_MAGIC:
        case DEVPTS_SUPER_MAGIC:
            return true;
        default:
            return false;
    }
}

constexpr std::string_view kOpaqueMark = ".wh..wh..opq";

/// Every path is resolved anew below the root: a tree of any depth needs one descriptor, and a directory that
/// is replaced by a link leads nowhere else.
class TreeArchiver {
  public:
    TreeArchiver(const sys::RootedDir& root, TarWriter& out, const TreeOptions& options)
        : root_(root), out_(out), options_(options) {}

    void run() {
        const auto fd = root_.open(".", O_RDONLY | O_DIRECTORY);
        const auto st = status_of(fd.get(), ".");
        device_ = st.st_dev;
        xattr_whiteouts_ =
            options_.upper_layer && read_xattr(fd.get(), overlay::kOpaqueXattr, "/") == std::string("x");
        if (!options_.name.empty()) {
            auto entry = make_entry("", st, EntryType::directory);
            read_xattrs(fd.get(), entry);
            out_.add(entry);
        }
        visit_children(fd.get(), "");
        while (!todo_.empty()) {
            const auto path = std::move(todo_.back());
            todo_.pop_back();
            visit(path);
        }
    }

    /// One file, which is called options.name.
    void run_file(const sys::Fd& fd, const struct stat& st) {
        switch (st.st_mode & S_IFMT) {
            case S_IFREG: {
                auto entry = make_entry("", st, EntryType::regular);
                read_xattrs(fd.get(), entry);
                return add_content(fd.get(), std::move(entry), st);
            }
            case S_IFIFO:
                return out_.add(make_entry("", st, EntryType::fifo));
            case S_IFCHR:
            case S_IFBLK:
                return add_device("", st);
            default:
                return;
        }
    }

  private:
    /// As the archive has it.
    std::string archived(const std::string& path) const {
        if (options_.name.empty() || options_.name == ".") return path;
        return path.empty() ? options_.name : options_.name + "/" + path;
    }

    LayerEntry make_entry(const std::string& path, const struct stat& st, EntryType type) const {
        LayerEntry e;
        e.path = archived(path);
        e.type = type;
        e.mode = st.st_mode & 07777;
        e.uid = st.st_uid;
        e.gid = st.st_gid;
        e.mtime_s = st.st_mtim.tv_sec;
        return e;
    }

    void visit(const std::string& path) {
        const auto found = root_.find(path, O_PATH | O_NOFOLLOW);
        if (!found) return;
        const auto st = status_of(found->get(), path);
        if (is_layer() && add_mark(path, st)) return;
        switch (st.st_mode & S_IFMT) {
            case S_IFDIR:
                return add_directory(path);
            case S_IFREG:
                return add_file(path);
            case S_IFLNK:
                return add_symlink(found->get(), path, st);
            case S_IFIFO:
                return add_changed(path, make_entry(path, st, EntryType::fifo), st);
            case S_IFCHR:
            case S_IFBLK:
                return add_device(path, st);
            default:
                return;
        }
    }

    bool is_layer() const { return options_.upper_layer || options_.original; }

    bool is_original(const std::string& path, const LayerEntry& entry, const struct stat& st,
                     int fd = -1) const {
        return options_.original && options_.original->has(path, entry, st, fd);
    }

    void add_changed(const std::string& path, const LayerEntry& entry, const struct stat& st) {
        if (!is_original(path, entry, st)) out_.add(entry);
    }

    /// @return whether it is a whiteout and no file, or a name that would be taken for one
    bool add_mark(const std::string& path, const struct stat& st) {
        const size_t begin = path.rfind('/') + 1;  // npos + 1 is 0
        const auto name = path.substr(begin);
        if (overlay::is_mark(name)) {
            log::warn("'{}' is left out: in a layer, the name would remove another file", printable(path));
            return true;
        }
        if (!overlay::is_whiteout(st) && !is_xattr_whiteout(path, st)) return false;
        if (options_.upper_layer) add_whiteout(path.substr(0, begin), name, st);
        return true;
    }

    void add_whiteout(const std::string& prefix, const std::string& name, const struct stat& st) {
        add_mark_file(prefix + std::string(overlay::kMarkPrefix) + name, st);
    }

    bool is_xattr_whiteout(const std::string& path, const struct stat& st) const {
        if (!xattr_whiteouts_ || !S_ISREG(st.st_mode) || st.st_size != 0) return false;
        const auto fd = root_.find(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
        return fd && ::fgetxattr(fd->get(), overlay::kWhiteoutXattr, nullptr, 0) >= 0;
    }

    void add_mark_file(const std::string& path, const struct stat& st) {
        auto entry = make_entry(path, st, EntryType::regular);
        entry.mode = 0;
        entry.uid = entry.gid = 0;
        out_.add(entry);
    }

    bool is_mount_point(const std::string& path) const { return options_.mount_points.contains(path); }

    void add_directory(const std::string& path) {
        const auto fd = root_.find(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (!fd) return;
        const auto st = status_of(fd->get(), path);
        if (is_mount_point(path) && sys::list_dir(fd->get()).empty()) return;
        auto entry = make_entry(path, st, EntryType::directory);
        read_xattrs(fd->get(), entry);
        add_changed(path, entry, st);
        if (options_.upper_layer && read_xattr(fd->get(), overlay::kOpaqueXattr, path) == std::string("y"))
            add_mark_file(path + "/" + std::string(kOpaqueMark), st);
        const bool pass_over = options_.pass_over_kernel_files && st.st_dev != device_ &&
                               is_kernel_file_system(sys::filesystem_type(fd->get()));
        if (!pass_over) visit_children(fd->get(), path + "/");
    }

    /// Neither the kernel nor programs that read archives take longer paths; how a payload makes some anyway:
    /// by way of its working directory.
    void check_length(const std::string& prefix, const std::string& name) const {
        constexpr size_t kTold = 40;
        if (archived(prefix + name).size() < PATH_MAX) return;
        throw Error("'{}…' has files below it whose paths are longer than {} bytes",
                    printable(std::string_view(prefix).substr(0, kTold)), PATH_MAX - 1);
    }

    void visit_children(int fd, const std::string& prefix) {
        auto names = sys::list_dir(fd);
        if (options_.original) {
            // No entry of the directory has such a time: that of the directory does as well.
            const auto st = status_of(fd, prefix);
            for (const auto& name : options_.original->missing(prefix, names)) add_whiteout(prefix, name, st);
        }
        std::sort(names.begin(), names.end(), std::greater<>());
        for (const auto& name : names) {
            check_length(prefix, name);
            todo_.push_back(prefix + name);
        }
    }

    void add_file(const std::string& path) {
        // Never waits: what was a file may be a fifo by now.
        const auto fd = root_.find(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
        if (!fd) return;
        const auto st = status_of(fd->get(), path);
        if (!S_ISREG(st.st_mode)) return;
        if (is_mount_point(path) && st.st_size == 0) return;
        auto entry = make_entry(path, st, EntryType::regular);
        read_xattrs(fd->get(), entry);
        if (is_original(path, entry, st, fd->get())) return;
        if (st.st_nlink > 1) {
            const auto [first, is_new] = links_.try_emplace({st.st_dev, st.st_ino}, entry.path);
            if (!is_new) {
                entry.type = EntryType::hardlink;
                entry.target = first->second;
                entry.xattrs.clear();
                return out_.add(entry);
            }
        }
        add_content(fd->get(), std::move(entry), st);
    }

    void add_content(int fd, LayerEntry entry, const struct stat& st) {
        entry.size = static_cast<uint64_t>(st.st_size);
        if (options_.without_content) return out_.add_hole(entry);
        FdSource content(fd, fmt::format("'{}'", printable(entry.path)));
        out_.add(entry, &content);
    }

    void add_symlink(int fd, const std::string& path, const struct stat& st) {
        std::string target(PATH_MAX, '\0');
        const ssize_t n = ::readlinkat(fd, "", target.data(), target.size());
        check(n, "read the link '{}'", printable(path));
        target.resize(static_cast<size_t>(n));
        auto entry = make_entry(path, st, EntryType::symlink);
        entry.target = std::move(target);
        add_changed(path, entry, st);
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
    const TreeOptions& options_;
    dev_t device_ = 0;               ///< of the root
    bool xattr_whiteouts_ = false;   ///< the layer may have some
    std::vector<std::string> todo_;  ///< the next one last
    std::map<std::pair<dev_t, ino_t>, std::string> links_;
};

}  // namespace

/// A '=' would end the name in a pax record; what steers overlays is of the disk, not of the tree.
bool is_archived_xattr(std::string_view name) {
    return name == "security.capability" ||
           (name.starts_with("user.") && name.find('=') == std::string_view::npos &&
            !overlay::is_overlay_xattr(name));
}

void archive_tree(const sys::RootedDir& root, TarWriter& out, const TreeOptions& options) {
    TreeArchiver(root, out, options).run();
}

void write_tree(const sys::RootedDir& root, int out, const std::string& what, const TreeOptions& options) {
    TarWriter writer([&](std::string_view bytes) { sys::write_all(out, bytes, what); });
    archive_tree(root, writer, options);
    writer.finish();
}

bool archive_path(const sys::RootedDir& root, const std::string& path, TarWriter& out, TreeOptions options) {
    // Looked at before it is opened to be read: opening a device or a fifo does something.
    auto found = root.find(path, O_PATH);
    if (!found) return false;
    auto st = status_of(found->get(), path);
    if (S_ISDIR(st.st_mode)) {
        const sys::RootedDir tree(std::move(*found));
        TreeArchiver(tree, out, options).run();
        return true;
    }
    if (S_ISREG(st.st_mode)) {
        found = root.find(path, O_RDONLY | O_NONBLOCK);
        if (!found) return false;
        st = status_of(found->get(), path);
    }
    TreeArchiver(root, out, options).run_file(*found, st);
    return true;
}

}  // namespace rpod::image
