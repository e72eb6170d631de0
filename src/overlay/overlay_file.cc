// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "overlay/at.hh"
#include "overlay/overlay.hh"

namespace rpod::overlay {
namespace {

/// What of open(2)'s flags concerns the layer's file. The kernel above does appending and direct I/O itself;
/// with its write-back cache it reads what is open for writing only.
int layer_flags(int flags) {
    const int access = (flags & O_ACCMODE) == O_RDONLY ? O_RDONLY : O_RDWR;
    return access | (flags & O_TRUNC) | O_NONBLOCK;
}

/// What its owner may write but not read is opened for writing only.
template <class Open>
Result<sys::Fd> open_somehow(int flags, Open open) {
    auto file = open(flags);
    if (file.err() == EACCES && (flags & O_ACCMODE) == O_RDWR) file = open((flags & ~O_ACCMODE) | O_WRONLY);
    return file;
}

}  // namespace

/// By name where no descriptor is at hand, which costs a call less; emptied when it is known to be the one.
Result<sys::Fd> Overlay::open_node(Inode& node, int flags) {
    const Source& source = node.sources[0];
    if (source.fd || node.name.empty()) {
        const auto fd = table_.fd(node);
        if (!fd) return Errno{fd.err()};
        return open_somehow(flags, [&](int how) { return reopen(*fd, how); });
    }
    const auto dir = table_.fd_of_parent(node);
    if (!dir) return Errno{dir.err()};
    auto file =
        open_somehow(flags & ~O_TRUNC, [&](int how) { return open_at(*dir, node.name.c_str(), how); });
    if (!file) return file;
    const auto st = stat_at(file->get(), "");
    if (!st || FileKey::of(*st) != source.key) return Errno{ESTALE};
    if ((flags & O_TRUNC) && ::ftruncate(file->get(), 0) < 0) return Errno{errno};
    return file;
}

OpenFile* Overlay::add_file(Inode& node, sys::Fd fd, bool writes) {
    std::unique_ptr<OpenFile> file(new OpenFile{.node = &node, .fd = std::move(fd), .writes = writes});
    node.files.push_back(file.get());
    ++node.users;
    return file.release();
}

Result<OpenFile*> Overlay::open(uint64_t id, int flags) {
    const Locked locked(*this);
    const auto node = find_node(id);
    if (!node) return Errno{node.err()};
    if (!S_ISREG((*node)->mode)) return Errno{(*node)->is_dir() ? EISDIR : ENXIO};
    const bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);
    if (writes) {
        if (const int e = copy_up(**node, !(flags & O_TRUNC))) return Errno{e};
    }
    if (is_image((*node)->sources[0])) {
        OpenFile* const file = add_file(**node, {}, false);
        file->image = (*node)->sources[0].key.ino;
        return file;
    }
    auto fd = open_node(**node, layer_flags(flags));
    if (!fd) return Errno{fd.err()};
    return add_file(**node, std::move(*fd), writes);
}

void Overlay::release(OpenFile* file) {
    const Locked locked(*this);
    const std::unique_ptr<OpenFile> owned(file);
    Inode& node = *file->node;
    node.files.erase(std::find(node.files.begin(), node.files.end(), file));
    --node.users;
    table_.release(node);
}

/// One that was opened for reading may be asked, too: sync(1) does so. What others wrote is then written out.
int Overlay::fsync(OpenFile* file, bool data_only) {
    if (!sync_) return 0;
    {
        const Locked locked(*this);
        if (!file->node->upper()) return 0;
    }
    return error_of(data_only ? ::fdatasync(file->fd.get()) : ::fsync(file->fd.get()));
}

/// Through the open file where there is one that may be written, which needs no search; else an O_PATH one.
Result<int> Overlay::fd_to_change(Inode& node, const OpenFile* file) {
    if (file && file->writes) return file->fd.get();
    return table_.fd(node);
}

int Overlay::change_times(Inode& node, const struct stat& wanted, unsigned changes, const OpenFile* file) {
    timespec times[] = {wanted.st_atim, wanted.st_mtim};
    if (!(changes & kAtime)) times[0].tv_nsec = UTIME_OMIT;
    if (!(changes & kMtime)) times[1].tv_nsec = UTIME_OMIT;
    const auto fd = fd_to_change(node, file);
    if (!fd) return fd.err();
    if (file && file->writes) return error_of(::futimens(*fd, times));
    return error_of(::utimensat(AT_FDCWD, FdPath(*fd), times, 0));  // of a link itself, too
}

/// With the write-back cache the kernel keeps the times of files, and tells them after each rename(2),
/// link(2) or unlink(2), too, which have changed nothing that we keep.
bool Overlay::only_repeats(Inode& node, const struct stat& wanted, unsigned changes) {
    if (changes != kMtime || wanted.st_mtim.tv_nsec == UTIME_NOW) return false;
    const auto st = stat_node(node);
    return st && st->st_mtim.tv_sec == wanted.st_mtim.tv_sec && st->st_mtim.tv_nsec == wanted.st_mtim.tv_nsec;
}

/// Size and owner before the mode, from which the kernel takes bits away when they change; times last.
int Overlay::change(Inode& node, const struct stat& wanted, unsigned changes, const OpenFile* file) {
    const auto fd = fd_to_change(node, file);
    if (!fd) return fd.err();
    const FdPath path(*fd);
    int e = 0;
    if (changes & kDropSetIds) e = drop_set_ids(*fd);
    if (!e && (changes & kSize)) e = error_of(::truncate(path, wanted.st_size));
    if (!e && (changes & (kUid | kGid))) {
        const uid_t uid = changes & kUid ? uids_.disk(wanted.st_uid) : static_cast<uid_t>(-1);
        const gid_t gid = changes & kGid ? gids_.disk(wanted.st_gid) : static_cast<gid_t>(-1);
        e = error_of(::fchownat(*fd, "", uid, gid, AT_EMPTY_PATH));
    }
    if (!e && (changes & kMode)) {
        e = S_ISLNK(node.mode) ? EOPNOTSUPP : error_of(::chmod(path, wanted.st_mode & 07777));
    }
    if (!e && (changes & (kAtime | kMtime))) e = change_times(node, wanted, changes, file);
    return e;
}

Result<struct stat> Overlay::setattr(uint64_t id, const struct stat& wanted, unsigned changes,
                                     OpenFile* file) {
    const Locked locked(*this);
    const auto found = find_node(id);
    if (!found) return Errno{found.err()};
    Inode& node = **found;
    if (!only_repeats(node, wanted, changes)) {
        const bool empties = (changes & kSize) && wanted.st_size == 0;
        if (const int e = copy_up(node, !empties)) return Errno{e};
        if (const int e = change(node, wanted, changes, file)) return Errno{e};
    }
    return stat_node(node);
}

}  // namespace rpod::overlay
