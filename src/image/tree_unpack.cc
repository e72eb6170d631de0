// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/tree_unpack.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "image/compress.hh"
#include "image/hole_writer.hh"
#include "image/tar_reader.hh"
#include "overlay/disk_format.hh"
#include "overlay/whiteout.hh"
#include "sys/file.hh"

namespace rpod::image {
namespace {

using overlay::EntryType;
using overlay::LayerEntry;
using Ownership = UnpackOptions::Ownership;

constexpr size_t kBuffer = 256 << 10;
constexpr mode_t kSetIds = S_ISUID | S_ISGID;

std::array<timespec, 2> times_of(const LayerEntry& entry) {
    const timespec mtime{.tv_sec = entry.mtime_s, .tv_nsec = entry.mtime_ns};
    return {timespec{.tv_sec = 0, .tv_nsec = UTIME_NOW}, mtime};
}

std::string directory_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// "user.*" of any archive can be set where the file system knows them; of the others one may not have the
/// right.
void set_xattrs(int fd, const LayerEntry& entry) {
    for (const auto& [name, value] : entry.xattrs) {
        if (!overlay::wanted_xattr(entry.type, name, value) || overlay::is_overlay_xattr(name)) continue;
        if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) == 0) continue;
        if (errno != EOPNOTSUPP && errno != EPERM)
            throw SysError(errno, "set the attribute '{}' of '{}'", printable(name), printable(entry.path));
        log::debug("'{}' goes without the attribute '{}'", printable(entry.path), printable(name));
    }
}

}  // namespace

/// Where a name is to be made.
struct TreeUnpacker::Place {
    sys::Fd parent;
    std::string name;
    std::string path;  ///< for errors

    int dir() const { return parent.get(); }
    const char* c_name() const { return name.c_str(); }
    std::optional<mode_t> type() const {
        struct stat st {};
        if (::fstatat(dir(), c_name(), &st, AT_SYMLINK_NOFOLLOW) == 0) return st.st_mode & S_IFMT;
        if (errno != ENOENT) throw SysError(errno, "stat '{}'", printable(path));
        return std::nullopt;
    }
};

TreeUnpacker::Place TreeUnpacker::open_parent(const std::string& path) const {
    const auto directory = directory_of(path);
    auto parent = root_.find(directory, O_PATH | O_DIRECTORY);
    if (!parent) parent = root_.make_dirs(directory);
    return {.parent = std::move(*parent), .name = name_of(path), .path = path};
}

void TreeUnpacker::make_room(const Place& place) const {
    const auto type = place.type();
    if (!type) return;
    if (*type == S_IFDIR && !options_.replace_directories)
        throw Error("'{}' is a directory, and what is to take its place is not", printable(place.path))
            .with_hint("--overwrite replaces it");
    sys::remove_tree_at(place.dir(), place.name);
}

std::optional<UnpackOptions::Owner> TreeUnpacker::owner_of(const LayerEntry& entry) const {
    switch (options_.ownership) {
        case Ownership::archive:
            return UnpackOptions::Owner{.uid = entry.uid, .gid = entry.gid};
        case Ownership::given:
            return options_.owner;
        case Ownership::caller:
            break;
    }
    return std::nullopt;
}

void TreeUnpacker::set_owner_at(const Place& place, const LayerEntry& entry) const {
    const auto owner = owner_of(entry);
    if (!owner) return;
    check(::fchownat(place.dir(), place.c_name(), owner->uid, owner->gid, AT_SYMLINK_NOFOLLOW),
          "give '{}' to {}:{}", printable(entry.path), owner->uid, owner->gid);
}

/// The owner first, which takes set-ID bits and capabilities away; the time last.
void TreeUnpacker::set_attributes(int fd, const LayerEntry& entry) const {
    mode_t mode = entry.mode;
    if (const auto owner = owner_of(entry)) {
        check(::fchown(fd, owner->uid, owner->gid), "give '{}' to {}:{}", printable(entry.path), owner->uid,
              owner->gid);
    } else {
        mode &= ~kSetIds;
    }
    check(::fchmod(fd, mode), "set the mode of '{}'", printable(entry.path));
    set_xattrs(fd, entry);
    check(::futimens(fd, times_of(entry).data()), "set the time of '{}'", printable(entry.path));
}

void TreeUnpacker::add(const LayerEntry& entry, ByteSource& content) {
    switch (entry.type) {
        case EntryType::directory:
            return add_directory(entry);
        case EntryType::regular:
            return add_file(entry, content);
        case EntryType::hardlink:
            return add_hard_link(entry);
        case EntryType::symlink:
            return add_symlink(entry);
        case EntryType::fifo:
            return add_fifo(entry);
        case EntryType::char_device:
        case EntryType::block_device:
            log::warn("'{}' is left out: a user namespace cannot make device nodes", printable(entry.path));
    }
}

void TreeUnpacker::add_directory(const LayerEntry& entry) {
    if (!entry.path.empty()) make_directory(entry.path);
    auto& kept = directories_[entry.path];
    kept = entry;
    if (entry.xattrs.empty()) return;
    // Now, since an archive can hold more of them than memory.
    kept.xattrs.clear();
    set_xattrs(root_.open(entry.path, O_RDONLY | O_DIRECTORY).get(), entry);
}

void TreeUnpacker::make_directory(const std::string& path) const {
    const auto place = open_parent(path);
    // Closed to others until it has its owner and mode.
    if (::mkdirat(place.dir(), place.c_name(), 0700) == 0) return;
    if (errno != EEXIST) throw SysError(errno, "create directory '{}'", printable(path));
    if (root_.find(path, O_PATH | O_DIRECTORY)) return;
    if (!options_.replace_directories)
        throw Error("'{}' is there and is not a directory", printable(path))
            .with_hint("--overwrite replaces it");
    sys::remove_tree_at(place.dir(), place.name);
    check(::mkdirat(place.dir(), place.c_name(), 0700), "create directory '{}'", printable(path));
}

void TreeUnpacker::add_file(const LayerEntry& entry, ByteSource& content) const {
    const auto place = open_parent(entry.path);
    make_room(place);
    const auto fd = sys::open_at(place.dir(), place.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    HoleWriter out(fd.get(), fmt::format("'{}'", printable(entry.path)), entry.size);
    std::vector<char> buffer(std::min<uint64_t>(kBuffer, entry.size));
    while (!buffer.empty()) {
        const size_t n = read_fully(content, buffer);
        out.write(std::span(buffer).first(n));
        if (n < buffer.size()) break;
    }
    out.finish();
    set_attributes(fd.get(), entry);
}

void TreeUnpacker::add_hard_link(const LayerEntry& entry) const {
    const auto place = open_parent(entry.path);
    const auto target = root_.find(directory_of(entry.target), O_PATH | O_DIRECTORY);
    if (!target)
        throw Error("'{}': its link target '{}' is not there", printable(entry.path),
                    printable(entry.target));
    struct stat there {
    }, here{};
    const auto name = name_of(entry.target);
    const bool same = ::fstatat(target->get(), name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
                      ::fstatat(place.dir(), place.c_name(), &here, AT_SYMLINK_NOFOLLOW) == 0 &&
                      there.st_dev == here.st_dev && there.st_ino == here.st_ino;
    if (same) return;
    make_room(place);
    check(::linkat(target->get(), name.c_str(), place.dir(), place.c_name(), 0), "link '{}' to '{}'",
          printable(entry.path), printable(entry.target));
}

void TreeUnpacker::add_symlink(const LayerEntry& entry) const {
    const auto place = open_parent(entry.path);
    make_room(place);
    check(::symlinkat(entry.target.c_str(), place.dir(), place.c_name()), "create the link '{}'",
          printable(entry.path));
    set_owner_at(place, entry);
    check(::utimensat(place.dir(), place.c_name(), times_of(entry).data(), AT_SYMLINK_NOFOLLOW),
          "set the time of '{}'", printable(entry.path));
}

void TreeUnpacker::add_fifo(const LayerEntry& entry) const {
    const auto place = open_parent(entry.path);
    make_room(place);
    check(::mkfifoat(place.dir(), place.c_name(), entry.mode & 0777), "create the fifo '{}'",
          printable(entry.path));
    set_owner_at(place, entry);
}

void TreeUnpacker::finish() {
    // Backwards, so that what is in a directory comes before it: what is done there would change its time, or
    // its mode would close the way.
    for (auto it = directories_.rbegin(); it != directories_.rend(); ++it) {
        // Gone, or something else by now: a later member took its place.
        if (const auto fd = root_.find(it->first, O_RDONLY | O_DIRECTORY))
            set_attributes(fd->get(), it->second);
    }
    directories_.clear();
}

void unpack_archive(ByteSource& source, const sys::RootedDir& root, const std::string& directory,
                    const UnpackOptions& options) {
    const auto below = [&](const std::string& path) {
        if (directory.empty()) return path;
        return path.empty() ? directory : directory + "/" + path;
    };
    PeekSource start(source);
    const auto plain = open_decompressor(start, detect_compression(start.start()));
    TarReader reader(*plain);
    TarMemberSource content(reader);
    TreeUnpacker unpacker(root, options);
    uint64_t left = TarLimits{}.max_entries;
    while (auto entry = reader.next()) {
        if (left-- == 0) throw Error("the archive has more than {} members", TarLimits{}.max_entries);
        if (entry->path.empty() && !options.with_root) continue;
        entry->path = below(entry->path);
        if (entry->type == EntryType::hardlink) entry->target = below(entry->target);
        unpacker.add(*entry, content);
    }
    unpacker.finish();
    reader.finish();
}

}  // namespace rpod::image
