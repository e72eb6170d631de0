// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <dirent.h>
#include <sys/stat.h>

#include "overlay/fuse_ops.hh"
#include "overlay/fuse_reply.hh"

namespace rpod::overlay {
namespace {

OpenDir& dir_of(const fuse_file_info* info) { return *reinterpret_cast<OpenDir*>(info->fh); }

void on_opendir(fuse_req_t request, fuse_ino_t id, fuse_file_info* info) noexcept {
    answer_request(request, [&] {
        const auto dir = overlay_of(request).opendir(id);
        if (!dir) return dir.err();
        info->fh = reinterpret_cast<uint64_t>(*dir);
        info->keep_cache = 1;
        info->cache_readdir = 1;
        if (fuse_reply_open(request, info) != 0) overlay_of(request).releasedir(*dir);
        return 0;
    });
}

void on_releasedir(fuse_req_t request, fuse_ino_t, fuse_file_info* info) noexcept {
    answer_errno(request, [&] {
        overlay_of(request).releasedir(&dir_of(info));
        return 0;
    });
}

void on_fsyncdir(fuse_req_t request, fuse_ino_t id, int, fuse_file_info*) noexcept {
    answer_errno(request, [&] {
        write_session(request).let_others();
        return overlay_of(request).fsyncdir(id);
    });
}

/// Fills the buffer with records from `offset` on: 0 is ".", 1 is "..", then the entries of the picture.
/// @param put  (to, room, name, type and number, next offset) → bytes needed; writes if they fit
template <class Put>
void reply_entries(fuse_req_t request, size_t size, off_t offset, OpenDir& dir, Put put) {
    const auto buffer = reply_buffer(size);
    size_t used = 0;
    const uint64_t end = dir.list.size() + 2;
    for (auto at = static_cast<uint64_t>(offset); at < end; ++at) {
        struct stat st {};
        const char* name = at == 0 ? "." : "..";
        st.st_mode = S_IFDIR;
        st.st_ino = dir.node->number;
        if (at == 1 && dir.node->parent) st.st_ino = dir.node->parent->number;
        if (at >= 2) {
            const OpenDir::Listed& entry = dir.list[at - 2];
            name = dir.name(entry);
            st.st_mode = DTTOIF(entry.type);
            st.st_ino = entry.number;
        }
        const size_t need = put(buffer.data() + used, buffer.size() - used, name, st, at);
        if (need > buffer.size() - used) break;
        used += need;
    }
    fuse_reply_buf(request, buffer.data(), used);
}

template <class Put>
void list(fuse_req_t request, size_t size, off_t offset, fuse_file_info* info, Put put) noexcept {
    answer_request(request, [&] {
        OpenDir& dir = dir_of(info);
        if (offset < 0) return EINVAL;
        Overlay& overlay = overlay_of(request);
        if (const int e = offset == 0 ? overlay.refresh(dir) : overlay.go_on(dir)) return e;
        reply_entries(request, size, offset, dir, put);
        return 0;
    });
}

void on_readdir(fuse_req_t request, fuse_ino_t, size_t size, off_t offset, fuse_file_info* info) noexcept {
    list(request, size, offset, info,
         [&](char* to, size_t room, const char* name, const struct stat& st, uint64_t at) {
             return fuse_add_direntry(request, to, room, name, &st, static_cast<off_t>(at + 1));
         });
}

void on_readdirplus(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset,
                    fuse_file_info* info) noexcept {
    WriteSession& session = write_session(request);
    list(request, size, offset, info,
         [&](char* to, size_t room, const char* name, const struct stat& st, uint64_t at) {
             const size_t need = fuse_add_direntry_plus(request, nullptr, 0, name, nullptr, 0);
             if (need > room) return need;
             // Node 0: the kernel makes no inode of "." and "..", nor of what has gone meanwhile.
             fuse_entry_param param{};
             param.attr = st;
             if (at >= 2) {
                 // A reference goes with it; the answer is written whole or, when we are gone, not at all.
                 if (const auto entry = session.overlay().lookup(id, name)) param = to_param(session, *entry);
             }
             return fuse_add_direntry_plus(request, to, room, name, &param, static_cast<off_t>(at + 1));
         });
}

}  // namespace

void set_dir_operations(fuse_lowlevel_ops& ops) {
    ops.opendir = on_opendir;
    ops.releasedir = on_releasedir;
    ops.fsyncdir = on_fsyncdir;
    ops.readdir = on_readdir;
    ops.readdirplus = on_readdirplus;
}

}  // namespace rpod::overlay
