// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <fcntl.h>
#include <unistd.h>

#include "overlay/at.hh"
#include "overlay/disk_format.hh"
#include "overlay/overlay.hh"

namespace rpod::overlay {

/// What the layers below have in a directory would stay behind; the kernel's `userxattr` mode says the same,
/// and mv(1) copies then.
int Overlay::check_movable(Inode& node) const noexcept {
    return node.is_dir() && !node.only_upper() ? EXDEV : 0;
}

/// rename(2) and a whiteout in the old place, where the layers below have that name.
int Overlay::move_name(int from, const char* from_name, int to, const char* to_name, bool covers) {
    if (!covers) return error_of(::renameat(from, from_name, to, to_name));
    if (!work_->uses_xattrs()) {
        const int e = error_of(::renameat2(from, from_name, to, to_name, RENAME_WHITEOUT));
        if (e != EINVAL) return e;  // a file system without it
    }
    if (::renameat(from, from_name, to, to_name) < 0) return errno;
    return work_->whiteout(from, from_name);
}

/// A directory takes the place of a whiteout, or of an empty directory that can have whiteouts in it and
/// becomes one first. It is exchanged with that: the layers below are hidden at every moment.
int Overlay::move_dir_over(int from, const char* from_name, int to, const char* to_name, bool covers) {
    const auto st = stat_at(to, to_name);
    if (st.err() == ENOENT) return move_name(from, from_name, to, to_name, covers);
    if (!st) return st.err();
    if (S_ISDIR(st->st_mode)) {
        if (const int e = work_->replace_dir(to, to_name)) return e;
    }
    if (::renameat2(from, from_name, to, to_name, RENAME_EXCHANGE) < 0) return errno;
    return covers ? 0 : error_of(::unlinkat(from, from_name, 0));
}

int Overlay::rename_nodes(Inode& from, const char* from_name, Inode& to, const char* to_name,
                          bool no_replace) {
    const auto found = resolve(from, from_name);
    if (!found) return found.err();
    Inode& node = **found;
    const auto target = resolve(to, to_name);
    if (!target && target.err() != ENOENT) return target.err();
    Inode* const present = target ? *target : nullptr;
    if (present && no_replace) return EEXIST;
    if (present == &node) return 0;
    if (const int e = check_movable(node)) return e;
    if (present && node.is_dir() != present->is_dir()) return node.is_dir() ? ENOTDIR : EISDIR;
    if (present && present->is_dir()) {
        if (const int e = check_empty(*present)) return e;
    }
    for (Inode* it : {&from, &to}) {
        if (const int e = take_pictures(*it)) return e;
    }
    for (Inode* it : {&node, &from, &to}) {
        if (const int e = copy_up(*it)) return e;
    }
    if (present) {
        if (const int e = table_.pin(*present)) return e;
    }
    const auto from_dir = table_.fd(from);
    const auto to_dir = table_.fd(to);
    if (!from_dir || !to_dir) return from_dir ? to_dir.err() : from_dir.err();
    const auto covers = lower_has(from, from_name);
    if (!covers) return covers.err();
    if (node.is_dir() && to.sources.size() > 1) {
        const auto fd = table_.fd(node);
        if (const int e = fd ? mark_opaque(*fd) : fd.err()) return e;
    }
    const int e = node.is_dir() ? move_dir_over(*from_dir, from_name, *to_dir, to_name, *covers)
                                : move_name(*from_dir, from_name, *to_dir, to_name, *covers);
    if (e) return e;
    if (node.is_dir()) from.links.reset();
    if (node.is_dir()) to.links.reset();
    if (present) table_.unlink(*present);
    table_.rename(node, to, to_name);
    if (present) table_.release(*present);
    return 0;
}

int Overlay::exchange_nodes(Inode& from, const char* from_name, Inode& to, const char* to_name) {
    const auto first = resolve(from, from_name);
    if (!first) return first.err();
    const auto second = resolve(to, to_name);
    if (!second) return second.err();
    Inode& a = **first;
    Inode& b = **second;
    if (&a == &b) return 0;
    for (Inode* it : {&a, &b}) {
        if (const int e = check_movable(*it)) return e;
    }
    for (Inode* it : {&from, &to}) {
        if (const int e = take_pictures(*it)) return e;
    }
    for (Inode* it : {&a, &b, &from, &to}) {
        if (const int e = copy_up(*it)) return e;
    }
    for (const auto& [node, place] : {std::pair{&a, &to}, std::pair{&b, &from}}) {
        if (!node->is_dir() || place->sources.size() == 1) continue;
        const auto fd = table_.fd(*node);
        if (const int e = fd ? mark_opaque(*fd) : fd.err()) return e;
    }
    const auto from_dir = table_.fd(from);
    const auto to_dir = table_.fd(to);
    if (!from_dir || !to_dir) return from_dir ? to_dir.err() : from_dir.err();
    if (::renameat2(*from_dir, from_name, *to_dir, to_name, RENAME_EXCHANGE) < 0) return errno;
    from.links.reset();
    to.links.reset();
    // Names first out of the way of each other.
    const std::string to_text = to_name;
    const std::string from_text = from_name;
    table_.unlink(b);
    table_.rename(a, to, to_text);
    table_.rename(b, from, from_text);
    return 0;
}

int Overlay::rename(uint64_t from, const char* from_name, uint64_t to, const char* to_name, unsigned flags) {
    const Locked locked(*this);
    const auto from_dir = find_dir(from);
    const auto to_dir = find_dir(to);
    if (!from_dir || !to_dir) return from_dir ? to_dir.err() : from_dir.err();
    if (!work_) return EROFS;
    if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) return EINVAL;
    if (flags & RENAME_EXCHANGE) return exchange_nodes(**from_dir, from_name, **to_dir, to_name);
    return rename_nodes(**from_dir, from_name, **to_dir, to_name, flags & RENAME_NOREPLACE);
}

}  // namespace rpod::overlay
