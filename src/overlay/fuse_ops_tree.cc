// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/fuse_ops.hh"
#include "overlay/fuse_reply.hh"

namespace rpod::overlay {

fuse_entry_param to_param(const WriteSession& session, const Entry& entry) {
    fuse_entry_param param{};
    param.ino = entry.id;
    param.attr = entry.st;
    param.attr_timeout = param.entry_timeout = session.timeout();
    return param;
}

namespace {

/// The reference that the answer gives is taken back where the kernel did not get it.
int reply_entry(fuse_req_t request, const Result<Entry>& entry) {
    if (!entry) return entry.err();
    WriteSession& session = write_session(request);
    const fuse_entry_param param = to_param(session, *entry);
    if (fuse_reply_entry(request, &param) != 0) session.overlay().forget(entry->id, 1);
    return 0;
}

void on_init(void* session, fuse_conn_info* connection) noexcept {
    static_cast<const WriteSession*>(session)->negotiate(connection);
}

void on_lookup(fuse_req_t request, fuse_ino_t dir, const char* name) noexcept {
    answer_request(request, [&] {
        const auto entry = overlay_of(request).lookup(dir, name);
        if (entry.err() != ENOENT) return reply_entry(request, entry);
        // An absent name is an answer too, to be remembered.
        fuse_entry_param none{};
        none.entry_timeout = write_session(request).timeout();
        fuse_reply_entry(request, &none);
        return 0;
    });
}

void on_forget(fuse_req_t request, fuse_ino_t id, uint64_t lookups) noexcept {
    overlay_of(request).forget(id, lookups);
    fuse_reply_none(request);
}

void on_forget_multi(fuse_req_t request, size_t count, fuse_forget_data* forgets) noexcept {
    for (size_t i = 0; i < count; ++i) overlay_of(request).forget(forgets[i].ino, forgets[i].nlookup);
    fuse_reply_none(request);
}

int reply_attr(fuse_req_t request, const Result<struct stat>& st) {
    if (st) fuse_reply_attr(request, &*st, write_session(request).timeout());
    return st.err();
}

void on_getattr(fuse_req_t request, fuse_ino_t id, fuse_file_info*) noexcept {
    answer_request(request, [&] { return reply_attr(request, overlay_of(request).getattr(id)); });
}

unsigned changes_of(int to_set, struct stat& wanted) {
    static constexpr std::pair<int, unsigned> kBits[] = {
        {FUSE_SET_ATTR_MODE, Overlay::kMode},       {FUSE_SET_ATTR_UID, Overlay::kUid},
        {FUSE_SET_ATTR_GID, Overlay::kGid},         {FUSE_SET_ATTR_SIZE, Overlay::kSize},
        {FUSE_SET_ATTR_ATIME, Overlay::kAtime},     {FUSE_SET_ATTR_MTIME, Overlay::kMtime},
        {FUSE_SET_ATTR_ATIME_NOW, Overlay::kAtime}, {FUSE_SET_ATTR_MTIME_NOW, Overlay::kMtime}};
    unsigned changes = 0;
    for (const auto& [bit, change] : kBits) changes |= to_set & bit ? change : 0;
    if (to_set & FUSE_SET_ATTR_ATIME_NOW) wanted.st_atim.tv_nsec = UTIME_NOW;
    if (to_set & FUSE_SET_ATTR_MTIME_NOW) wanted.st_mtim.tv_nsec = UTIME_NOW;
    return changes;
}

void on_setattr(fuse_req_t request, fuse_ino_t id, struct stat* attr, int to_set,
                fuse_file_info* info) noexcept {
    answer_request(request, [&] {
        struct stat wanted = *attr;
        unsigned changes = changes_of(to_set, wanted);
        if ((changes & Overlay::kSize) && WriteSession::drops_set_ids()) changes |= Overlay::kDropSetIds;
        // A change of ctime alone is the kernel's own.
        if (changes == 0) return reply_attr(request, overlay_of(request).getattr(id));
        return reply_attr(request, overlay_of(request).setattr(id, wanted, changes, file_of(info)));
    });
}

void on_readlink(fuse_req_t request, fuse_ino_t id) noexcept {
    answer_request(request, [&] {
        const auto target = overlay_of(request).readlink(id);
        if (target) fuse_reply_readlink(request, target->c_str());
        return target.err();
    });
}

void make(fuse_req_t request, fuse_ino_t dir, const char* name, const Overlay::NewFile& file) noexcept {
    answer_request(request, [&] {
        return reply_entry(request, overlay_of(request).make(dir, name, file, caller_of(request)));
    });
}

void on_mknod(fuse_req_t request, fuse_ino_t dir, const char* name, mode_t mode, dev_t rdev) noexcept {
    make(request, dir, name, {.mode = mode, .rdev = rdev});
}

void on_mkdir(fuse_req_t request, fuse_ino_t dir, const char* name, mode_t mode) noexcept {
    make(request, dir, name, {.mode = S_IFDIR | (mode & 07777)});
}

void on_symlink(fuse_req_t request, const char* target, fuse_ino_t dir, const char* name) noexcept {
    make(request, dir, name, {.mode = S_IFLNK | 0777, .target = target});
}

void on_link(fuse_req_t request, fuse_ino_t id, fuse_ino_t dir, const char* name) noexcept {
    answer_request(request, [&] { return reply_entry(request, overlay_of(request).link(id, dir, name)); });
}

void on_unlink(fuse_req_t request, fuse_ino_t dir, const char* name) noexcept {
    answer_errno(request, [&] { return overlay_of(request).unlink(dir, name); });
}

void on_rmdir(fuse_req_t request, fuse_ino_t dir, const char* name) noexcept {
    answer_errno(request, [&] { return overlay_of(request).rmdir(dir, name); });
}

void on_rename(fuse_req_t request, fuse_ino_t from, const char* from_name, fuse_ino_t to, const char* to_name,
               unsigned flags) noexcept {
    answer_errno(request, [&] { return overlay_of(request).rename(from, from_name, to, to_name, flags); });
}

void on_getxattr(fuse_req_t request, fuse_ino_t id, const char* name, size_t size) noexcept {
    answer_request(request,
                   [&] { return reply_sized(request, overlay_of(request).getxattr(id, name), size); });
}

void on_listxattr(fuse_req_t request, fuse_ino_t id, size_t size) noexcept {
    answer_request(request, [&] { return reply_sized(request, overlay_of(request).listxattr(id), size); });
}

void on_setxattr(fuse_req_t request, fuse_ino_t id, const char* name, const char* value, size_t size,
                 int flags) noexcept {
    answer_errno(request, [&] { return overlay_of(request).setxattr(id, name, {value, size}, flags); });
}

void on_removexattr(fuse_req_t request, fuse_ino_t id, const char* name) noexcept {
    answer_errno(request, [&] { return overlay_of(request).removexattr(id, name); });
}

void on_statfs(fuse_req_t request, fuse_ino_t) noexcept {
    answer_request(request, [&] {
        const auto st = overlay_of(request).statfs();
        if (st) fuse_reply_statfs(request, &*st);
        return st.err();
    });
}

}  // namespace

void set_tree_operations(fuse_lowlevel_ops& ops) {
    ops.init = on_init;
    ops.lookup = on_lookup;
    ops.forget = on_forget;
    ops.forget_multi = on_forget_multi;
    ops.getattr = on_getattr;
    ops.setattr = on_setattr;
    ops.readlink = on_readlink;
    ops.mknod = on_mknod;
    ops.mkdir = on_mkdir;
    ops.symlink = on_symlink;
    ops.link = on_link;
    ops.unlink = on_unlink;
    ops.rmdir = on_rmdir;
    ops.rename = on_rename;
    ops.getxattr = on_getxattr;
    ops.listxattr = on_listxattr;
    ops.setxattr = on_setxattr;
    ops.removexattr = on_removexattr;
    ops.statfs = on_statfs;
}

fuse_lowlevel_ops overlay_operations() {
    fuse_lowlevel_ops ops{};
    set_tree_operations(ops);
    set_file_operations(ops);
    set_dir_operations(ops);
    return ops;
}

}  // namespace rpod::overlay
