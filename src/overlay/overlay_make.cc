// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "overlay/at.hh"
#include "overlay/disk_format.hh"
#include "overlay/overlay.hh"
#include "overlay/whiteout.hh"

namespace rpod::overlay {
namespace {

std::string default_acl_of(int dir) {
    auto acl = get_xattr(dir, kAclDefault.data());
    return acl ? std::move(*acl) : std::string();
}

/// One of the calls that make a name; the umask of this process is 0.
int make_name(int dir, const char* name, mode_t mode, dev_t rdev, const char* target) {
    if (S_ISDIR(mode)) return error_of(::mkdirat(dir, name, mode & 07777));
    if (S_ISLNK(mode)) return error_of(::symlinkat(target, dir, name));
    return error_of(::mknodat(dir, name, mode, rdev));
}

}  // namespace

/// A directory's default ACL takes the place of the caller's umask: the layer's file system sees to it, given
/// the whole mode.
Result<bool> Overlay::has_default_acl(Inode& dir) {
    if (!dir.default_acl) {
        const auto fd = table_.fd(dir);
        if (!fd) return Errno{fd.err()};
        dir.default_acl = ::getxattr(FdPath(*fd), kAclDefault.data(), nullptr, 0) > 0;
    }
    return *dir.default_acl;
}

/// The group was the directory's choice where that has its set-ID bit.
int Overlay::give_owner(int dir, const char* name, const Making& making, struct stat& st) {
    const uid_t uid = uids_.disk(making.caller.uid);
    gid_t gid = gids_.disk(making.caller.gid);
    if (st.st_uid == uid && st.st_gid == gid) return 0;
    const auto parent = stat_at(dir, "");
    if (parent && (parent->st_mode & S_ISGID)) gid = st.st_gid;
    int e = error_of(::fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW));
    if (e && (uids_.squashes() || gids_.squashes())) e = 0;  // nobody sees the owner
    if (!e && S_ISREG(making.file.mode) && (st.st_mode & (S_ISUID | S_ISGID)))
        e = error_of(::fchmodat(dir, name, st.st_mode & 07777, 0));
    if (e) return e;
    const auto after = stat_at(dir, name);
    if (after) st = *after;
    return after.err();
}

/// Makes the name, and gives it to the caller. @param st  gets what it is then
int Overlay::make_at(int dir, const char* name, const Making& making, struct stat& st) {
    const NewFile& file = making.file;
    if (making.opened) {
        auto fd = open_at(dir, name, making.open_flags | O_CREAT | O_EXCL, making.mode & 07777);
        if (!fd) return fd.err();
        *making.opened = std::move(*fd);
    } else if (const int e = make_name(dir, name, making.mode, file.rdev, file.target)) {
        return e;
    }
    const auto made = stat_at(dir, name);
    if (!made) return made.err();
    st = *made;
    const int e = give_owner(dir, name, making, st);
    if (e) ::unlinkat(dir, name, S_ISDIR(file.mode) ? AT_REMOVEDIR : 0);
    return e;
}

/// A directory to make something in that shall look as if it had been made in `upper`: with what is inherited
/// from there.
Result<sys::Fd> Overlay::make_stage(int upper, const std::string& name) {
    const auto st = stat_at(upper, "");
    if (!st) return Errno{st.err()};
    const std::string acl = acls_ ? default_acl_of(upper) : std::string();
    if (::mkdirat(work_->fd(), name.c_str(), 0700) < 0) return Errno{errno};
    auto stage = open_at(work_->fd(), name.c_str(), O_PATH | O_DIRECTORY);
    if (!stage) return stage;
    int e = 0;
    if (st->st_mode & S_ISGID) {
        e = error_of(::fchownat(stage->get(), "", static_cast<uid_t>(-1), st->st_gid, AT_EMPTY_PATH));
        if (!e) e = error_of(::chmod(FdPath(stage->get()), 02700));
    }
    if (!e && !acl.empty())
        e = error_of(::setxattr(FdPath(stage->get()), kAclDefault.data(), acl.data(), acl.size(), 0));
    if (e) return Errno{e};
    return stage;
}

/// A directory is opaque: the layers below have something under this name.
int Overlay::make_over_whiteout(Inode& dir, int upper, const char* name, const Making& making,
                                struct stat& st) {
    const auto inherits = has_default_acl(dir);
    const auto parent = stat_at(upper, "");
    if (!inherits || !parent) return inherits ? parent.err() : inherits.err();
    const std::string prepared = work_->new_name();
    const std::string stage_name = work_->new_name();
    sys::Fd stage;
    if (*inherits || (parent->st_mode & S_ISGID)) {
        auto made = make_stage(upper, stage_name);
        if (!made) {
            (void)work_->discard(stage_name);
            return made.err();
        }
        stage = std::move(*made);
    }
    const int place = stage ? stage.get() : work_->fd();
    const bool is_dir = S_ISDIR(making.file.mode);
    int e = make_at(place, prepared.c_str(), making, st);
    if (!e && is_dir) {
        const auto fd = open_at(place, prepared.c_str(), O_PATH);
        e = fd ? mark_opaque(fd->get()) : fd.err();
        if (!e) e = error_of(::renameat2(place, prepared.c_str(), upper, name, RENAME_EXCHANGE));
        ::unlinkat(place, prepared.c_str(), e ? AT_REMOVEDIR : 0);
    } else if (!e) {
        e = error_of(::renameat(place, prepared.c_str(), upper, name));
        if (e) ::unlinkat(place, prepared.c_str(), 0);
    }
    if (stage) (void)work_->discard(stage_name);
    return e;
}

Result<Entry> Overlay::make_node(Inode& dir, const char* name, const NewFile& file, const Caller& caller,
                                 int open_flags, sys::Fd* opened) {
    // It would be a whiteout, or never show.
    if ((S_ISCHR(file.mode) && file.rdev == makedev(0, 0)) || is_mark(name)) return Errno{EPERM};
    if (const int e = take_pictures(dir)) return Errno{e};
    if (const int e = copy_up(dir)) return Errno{e};
    const auto upper = table_.fd(dir);
    if (!upper) return Errno{upper.err()};
    const auto has_acl = has_default_acl(dir);
    if (!has_acl) return Errno{has_acl.err()};
    const mode_t mask = *has_acl || S_ISLNK(file.mode) ? 0 : caller.umask & 0777;
    const Making making{file, caller, file.mode & ~mask, open_flags, opened};
    struct stat st {};
    int e = make_at(*upper, name, making, st);
    if (e == EEXIST) {
        if (!is_gone(*upper, name)) return Errno{EEXIST};
        e = make_over_whiteout(dir, *upper, name, making, st);
    }
    if (e) return Errno{e};
    origins_.erase(FileKey::of(st));  // the number of a file that has gone
    std::vector<Source> sources;
    sources.push_back(Source{kUpperLayer, FileKey::of(st)});
    Inode& node = intern(dir, name, st, std::move(sources));
    node.fresh = true;
    if (node.is_dir()) dir.links.reset();
    ++node.lookups;
    show(node, st);
    return Entry{node.id, st};
}

Result<Entry> Overlay::make(uint64_t id, const char* name, const NewFile& file, const Caller& caller) {
    const Locked locked(*this);
    const auto dir = find_dir(id);
    if (!dir) return Errno{dir.err()};
    return make_node(**dir, name, file, caller, 0, nullptr);
}

Result<std::pair<Entry, OpenFile*>> Overlay::create(uint64_t id, const char* name, mode_t mode, int flags,
                                                    const Caller& caller) {
    const Locked locked(*this);
    const auto dir = find_dir(id);
    if (!dir) return Errno{dir.err()};
    sys::Fd opened;
    // Open for both: the kernel's write-back cache reads what it fills up.
    const auto entry = make_node(**dir, name, {.mode = S_IFREG | (mode & 07777)}, caller, O_RDWR, &opened);
    if (!entry) return Errno{entry.err()};
    Inode& node = *table_.find(entry->id);
    return std::pair(*entry, add_file(node, std::move(opened), (flags & O_ACCMODE) != O_RDONLY));
}

Result<std::pair<Entry, OpenFile*>> Overlay::tmpfile(uint64_t id, mode_t mode, const Caller& caller) {
    const Locked locked(*this);
    const auto dir = find_dir(id);
    if (!dir) return Errno{dir.err()};
    if (const int e = copy_up(**dir)) return Errno{e};
    const auto upper = table_.fd(**dir);
    const auto has_acl = has_default_acl(**dir);
    if (!upper || !has_acl) return Errno{upper ? has_acl.err() : upper.err()};
    const mode_t mask = *has_acl ? 0 : caller.umask & 0777;
    auto opened = open_at(*upper, ".", O_TMPFILE | O_RDWR, mode & 07777 & ~mask);
    if (!opened) return Errno{opened.err()};
    auto path = reopen(opened->get(), O_PATH);
    const auto parent = stat_at(*upper, "");
    auto st = stat_at(opened->get(), "");
    if (!path || !parent || !st) return Errno{EIO};
    const gid_t gid = parent->st_mode & S_ISGID ? st->st_gid : gids_.disk(caller.gid);
    if (st->st_uid != uids_.disk(caller.uid) || st->st_gid != gid) {
        if (::fchown(opened->get(), uids_.disk(caller.uid), gid) < 0) return Errno{errno};
        st = stat_at(opened->get(), "");
        if (!st) return Errno{st.err()};
    }
    std::vector<Source> sources;
    sources.push_back(Source{kUpperLayer, FileKey::of(*st), std::move(*path)});
    origins_.erase(sources[0].key);
    const uint64_t its_number = number(sources[0].key);
    Inode& node = table_.add(nullptr, {}, st->st_mode, its_number, std::move(sources));
    node.fresh = true;
    ++node.lookups;
    show(node, *st);
    return std::pair(Entry{node.id, *st}, add_file(node, std::move(*opened), true));
}

/// By its name, or where that has gone, and others may be left, by its descriptor.
int Overlay::link_node(Inode& node, int to, const char* name) {
    if (node.name.empty()) {
        const auto fd = table_.fd(node);
        if (!fd) return fd.err();
        return error_of(::linkat(AT_FDCWD, FdPath(*fd), to, name, AT_SYMLINK_FOLLOW));
    }
    const auto from = table_.fd(*node.parent);
    if (!from) return from.err();
    return error_of(::linkat(*from, node.name.c_str(), to, name, 0));
}

Result<Entry> Overlay::link(uint64_t id, uint64_t dir_id, const char* name) {
    const Locked locked(*this);
    const auto found = find_node(id);
    const auto dir = find_dir(dir_id);
    if (!found || !dir) return Errno{found ? dir.err() : found.err()};
    Inode& node = **found;
    if (node.is_dir()) return Errno{EPERM};
    if (const int e = take_pictures(**dir)) return Errno{e};
    if (int e = copy_up(node); e || (e = copy_up(**dir))) return Errno{e};
    const auto to = table_.fd(**dir);
    if (!to) return Errno{to.err()};
    int e = link_node(node, *to, name);
    if (e == EEXIST) {
        if (!is_gone(*to, name)) return Errno{EEXIST};
        const std::string prepared = work_->new_name();
        e = link_node(node, work_->fd(), prepared.c_str());
        if (!e) e = error_of(::renameat(work_->fd(), prepared.c_str(), *to, name));
        if (e) (void)work_->discard(prepared);
    }
    if (e) return Errno{e};
    table_.rename(node, **dir, name);
    return entry_of(node);
}

}  // namespace rpod::overlay
