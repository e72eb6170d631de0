// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "overlay/fuse_answer.hh"
#include "overlay/write_session.hh"

/// What the callbacks of a WriteSession have in common.
namespace rpod::overlay {

inline WriteSession& write_session(fuse_req_t request) {
    return *static_cast<WriteSession*>(fuse_req_userdata(request));
}
inline Overlay& overlay_of(fuse_req_t request) { return write_session(request).overlay(); }

/// For calls whose success has no more to say.
template <class Fn>
void answer_errno(fuse_req_t request, Fn fn) noexcept {
    answer_request(request, [&] {
        const int e = fn();
        if (e == 0) fuse_reply_err(request, 0);
        return e;
    });
}

inline Caller caller_of(fuse_req_t request) {
    const fuse_ctx* ctx = fuse_req_ctx(request);
    return {.uid = ctx->uid, .gid = ctx->gid, .umask = ctx->umask};
}

fuse_entry_param to_param(const WriteSession& session, const Entry& entry);

inline OpenFile* file_of(const fuse_file_info* info) {
    return info ? reinterpret_cast<OpenFile*>(info->fh) : nullptr;
}

void set_tree_operations(fuse_lowlevel_ops& ops);
void set_file_operations(fuse_lowlevel_ops& ops);
void set_dir_operations(fuse_lowlevel_ops& ops);

}  // namespace rpod::overlay
