// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <fcntl.h>
#include <unistd.h>

#include "base/defer.hh"
#include "overlay/at.hh"
#include "overlay/overlay.hh"

namespace rpod::overlay {

/// Takes the name away, with a whiteout in its place where the layers below have it too. What only they have
/// is not copied up for that.
int Overlay::remove(Inode& dir, const char* name, Inode& node) {
    if (const int e = take_pictures(dir)) return e;
    if (const int e = copy_up(dir)) return e;
    // The kernel may keep the file for longer than its name.
    if (const int e = table_.pin(node)) return e;
    const auto upper = table_.fd(dir);
    if (!upper) return upper.err();
    const auto covers = node.upper() ? lower_has(dir, name) : Result<bool>(true);
    if (!covers) return covers.err();
    int e = 0;
    if (!node.upper()) {
        e = work_->whiteout(*upper, name);
    } else if (*covers) {
        e = node.is_dir() ? work_->replace_dir(*upper, name) : work_->replace_file(*upper, name);
    } else {
        e = node.is_dir() ? work_->remove_dir(*upper, name) : error_of(::unlinkat(*upper, name, 0));
    }
    if (e) return e;
    table_.unlink(node);
    if (node.is_dir()) dir.links.reset();
    if (node.upper() && origins_.count(node.sources[0].key)) {
        const auto st = stat_at(node.sources[0].fd.get(), "");
        if (st && st->st_nlink == 0) origins_.erase(node.sources[0].key);
    }
    return 0;
}

int Overlay::remove_name(uint64_t id, const char* name, bool directory) {
    const Locked locked(*this);
    const auto dir = find_dir(id);
    if (!dir) return dir.err();
    if (!work_) return EROFS;
    const auto node = resolve(**dir, name);
    if (!node) return node.err();
    // No reference of the kernel's holds what resolve has just found.
    const Defer release([&] { table_.release(**node); });
    if ((*node)->is_dir() != directory) return directory ? ENOTDIR : EISDIR;
    if (directory) {
        if (const int e = check_empty(**node)) return e;
    }
    return remove(**dir, name, **node);
}

int Overlay::unlink(uint64_t id, const char* name) { return remove_name(id, name, false); }

int Overlay::rmdir(uint64_t id, const char* name) { return remove_name(id, name, true); }

}  // namespace rpod::overlay
