// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <fcntl.h>
#include <unistd.h>

#include "overlay/at.hh"
#include "overlay/copy.hh"
#include "overlay/overlay.hh"

namespace rpod::overlay {

/// A file without a name needs no directory to be copied into.
int Overlay::copy_up(Inode& node, bool with_content) {
    if (node.upper()) return 0;
    if (!work_) return EROFS;
    std::vector<Inode*> missing{&node};
    if (!node.name.empty()) {
        for (Inode* at = node.parent; at && !at->upper(); at = at->parent) missing.push_back(at);
    }
    for (size_t i = missing.size(); i-- > 0;) {
        if (const int e = copy_up_one(*missing[i], with_content || i > 0)) return e;
    }
    return 0;
}

int Overlay::prepare_copy(Inode& node, const std::string& prepared, bool with_content, nlink_t& links) {
    const Source& source = node.sources[0];
    if (is_image(source)) {
        links = image_->stat(source.key.ino).st_nlink;
        const int e = image_->copy(source.key.ino, work_->fd(), prepared, with_content);
        if (e || !sync_ || !S_ISREG(node.mode)) return e;
        const auto made = open_at(work_->fd(), prepared.c_str(), O_RDONLY);
        return made ? error_of(::fsync(made->get())) : made.err();
    }
    const auto from = table_.fd(node);
    if (!from) return from.err();
    const auto st = stat_at(*from, "");
    if (!st) return st.err();
    links = st->st_nlink;
    return copy_file(*from, *st, work_->fd(), prepared.c_str(), {.content = with_content, .sync = sync_});
}

int Overlay::copy_up_one(Inode& node, bool with_content) {
    const std::string prepared = work_->new_name();
    nlink_t links = 0;
    int e = prepare_copy(node, prepared, with_content, links);
    if (!e) e = put_in_place(node, prepared);
    if (e) {
        (void)work_->discard(prepared);
        return e;
    }
    // A link of several breaks, as in the kernel without `index`: its number is then that of the copy.
    if (!node.is_dir() && links == 1) origins_[node.sources[0].key] = node.number;
    return switch_files(node);
}

/// The directory's times are not to tell of it: nothing has changed for those who look.
int Overlay::put_in_place(Inode& node, const std::string& prepared) {
    auto copy = open_at(work_->fd(), prepared.c_str(), O_PATH);
    if (!copy) return copy.err();
    const auto st = stat_at(copy->get(), "");
    if (!st) return st.err();
    if (node.name.empty()) {
        if (const int e = work_->discard(prepared)) return e;
    } else {
        const auto dir = table_.fd(*node.parent);
        if (!dir) return dir.err();
        const auto before = stat_at(*dir, "");
        if (!before) return before.err();
        if (::renameat2(work_->fd(), prepared.c_str(), *dir, node.name.c_str(), RENAME_NOREPLACE) < 0)
            return errno;
        const timespec times[] = {before->st_atim, before->st_mtim};
        (void)::utimensat(AT_FDCWD, FdPath(*dir), times, 0);
    }
    table_.add_upper(node, Source{kUpperLayer, FileKey::of(*st), std::move(*copy), false});
    return 0;
}

/// Files that were opened for reading show what is written from now on, as they do on any file system.
int Overlay::switch_files(Inode& node) {
    for (OpenFile* file : node.files) {
        const auto fd = table_.fd(node);
        if (!fd) return fd.err();
        auto again = reopen(*fd, O_RDONLY);
        if (!again) return again.err();
        if (file->image.load()) {
            // Nobody looks at the descriptor before the second step.
            file->fd = sys::Fd(again->release());
            file->image = 0;
            continue;
        }
        // One step for those that read meanwhile.
        if (::dup3(again->get(), file->fd.get(), O_CLOEXEC) < 0) return errno;
    }
    return 0;
}

}  // namespace rpod::overlay
