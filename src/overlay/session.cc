// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/session.hh"

#include <cstring>

#include "base/error.hh"
#include "overlay/fuse_answer.hh"

namespace rpod::overlay {
namespace {

Session& session_of(fuse_req_t request) { return *static_cast<Session*>(fuse_req_userdata(request)); }

const ImageLayer& layer_of(fuse_req_t request) { return session_of(request).layer(); }

template <class T>
void reply_struct(fuse_req_t request, const T& answer) {
    fuse_reply_buf(request, reinterpret_cast<const char*>(&answer), sizeof answer);
}

void reply_bytes(fuse_req_t request, std::string_view bytes) {
    fuse_reply_buf(request, bytes.data(), bytes.size());
}

void on_init(void* session, fuse_conn_info* connection) noexcept {
    static_cast<const Session*>(session)->negotiate(connection);
}

void on_lookup(fuse_req_t request, fuse_ino_t dir, const char* name) noexcept {
    answer_request(request, [&] {
        const auto entry = layer_of(request).lookup(dir, name);
        if (entry) reply_struct(request, *entry);
        return entry.err();
    });
}

void on_getattr(fuse_req_t request, fuse_ino_t ino, fuse_file_info*) noexcept {
    answer_request(request, [&] {
        const auto attr = layer_of(request).getattr(ino);
        if (attr) reply_struct(request, *attr);
        return attr.err();
    });
}

void on_readlink(fuse_req_t request, fuse_ino_t ino) noexcept {
    answer_request(request, [&] {
        const auto target = layer_of(request).readlink(ino);
        if (target) reply_bytes(request, *target);
        return target.err();
    });
}

using ListFunction = Result<size_t> (ImageLayer::*)(Ino, uint64_t, std::span<char>) const;

void reply_list(fuse_req_t request, ListFunction function, fuse_ino_t ino, size_t size,
                off_t offset) noexcept {
    answer_request(request, [&] {
        const auto buffer = reply_buffer(size);
        const auto used = (layer_of(request).*function)(ino, static_cast<uint64_t>(offset), buffer);
        if (used) reply_bytes(request, {buffer.data(), *used});
        return used.err();
    });
}

void on_readdir(fuse_req_t request, fuse_ino_t ino, size_t size, off_t offset, fuse_file_info*) noexcept {
    reply_list(request, &ImageLayer::readdir, ino, size, offset);
}

void on_readdirplus(fuse_req_t request, fuse_ino_t ino, size_t size, off_t offset, fuse_file_info*) noexcept {
    reply_list(request, &ImageLayer::readdirplus, ino, size, offset);
}

void on_read(fuse_req_t request, fuse_ino_t ino, size_t size, off_t offset, fuse_file_info*) noexcept {
    Session& session = session_of(request);  // the request is gone once it is answered
    std::span<const char> head;
    answer_request(request, [&] {
        const auto buffer = reply_buffer(size);
        const auto used = layer_of(request).read(ino, static_cast<uint64_t>(offset), buffer);
        if (used) {
            reply_bytes(request, {buffer.data(), *used});
            head = {buffer.data(), *used};
        }
        return used.err();
    });
    if (offset == 0) session.prefetcher().file_read(ino, head);
}

void on_getxattr(fuse_req_t request, fuse_ino_t ino, const char* name, size_t size) noexcept {
    answer_request(request,
                   [&] { return reply_sized(request, layer_of(request).getxattr(ino, name), size); });
}

void on_listxattr(fuse_req_t request, fuse_ino_t ino, size_t size) noexcept {
    answer_request(request, [&] { return reply_sized(request, layer_of(request).listxattr(ino), size); });
}

void on_statfs(fuse_req_t request, fuse_ino_t) noexcept { reply_struct(request, layer_of(request).statfs()); }

/// The kernel remembers it for good: files are opened without a request from then on, and what it has read of
/// them is kept. libfuse would say "opened" where there is no function.
void on_open(fuse_req_t request, fuse_ino_t, fuse_file_info*) noexcept { fuse_reply_err(request, ENOSYS); }

/// What has no entry here is answered with ENOSYS by libfuse, which the kernel remembers too: GETXATTR and
/// LISTXATTR for an image without attributes.
fuse_lowlevel_ops operations(const ImageLayer& layer) {
    fuse_lowlevel_ops ops{};
    ops.init = on_init;
    ops.lookup = on_lookup;
    ops.getattr = on_getattr;
    ops.readlink = on_readlink;
    ops.open = on_open;
    ops.opendir = on_open;
    ops.readdir = on_readdir;
    ops.readdirplus = on_readdirplus;
    ops.read = on_read;
    ops.statfs = on_statfs;
    if (layer.has_xattrs()) {
        ops.getxattr = on_getxattr;
        ops.listxattr = on_listxattr;
    }
    return ops;
}

}  // namespace

Session::Session(sys::Fd fuse, const ImageLayer& layer, const RequestLog& request_log, size_t mount)
    : layer_(layer), log_(request_log), mount_(mount), fd_(fuse.get()), prefetcher_(layer, fd_) {
    char name[] = "rpod";
    char* argv[] = {name, nullptr};
    fuse_args args{.argc = 1, .argv = argv, .allocated = 0};
    const fuse_lowlevel_ops ops = operations(layer);
    session_ = ::fuse_session_new(&args, &ops, sizeof ops, this);
    if (!session_) throw Error("make a FUSE session");
    if (const int rc = ::fuse_session_custom_io(session_, &kConnectionIo<Session>, fuse.release()); rc != 0) {
        ::fuse_session_destroy(session_);
        throw Error("hand a connection to libfuse");
    }
}

Session::~Session() { ::fuse_session_destroy(session_); }

void Session::negotiate(fuse_conn_info* connection) const noexcept {
    unsigned want = FUSE_CAP_ASYNC_READ | FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_READDIRPLUS |
                    FUSE_CAP_CACHE_SYMLINKS | FUSE_CAP_NO_OPEN_SUPPORT | FUSE_CAP_NO_OPENDIR_SUPPORT |
                    FUSE_CAP_EXPLICIT_INVAL_DATA;
    if (layer_.has_acls()) want |= FUSE_CAP_POSIX_ACL;
    connection->want = want & connection->capable;
    connection->max_write = kMaxTransfer;
    connection->time_gran = 1;
}

ssize_t Session::write_reply(int fd, const iovec* parts, int count) noexcept {
    if (!mute_) return ::writev(fd, parts, count);
    ssize_t sum = 0;
    for (int i = 0; i < count; ++i) sum += static_cast<ssize_t>(parts[i].iov_len);
    return sum;
}

/// Those that libfuse would only make slower: nothing is kept that a FORGET could free, and no request waits
/// long enough to be interrupted.
bool Session::handled_without_libfuse(std::span<const char> request) const noexcept {
    fuse_in_header header{};
    std::memcpy(&header, request.data(), sizeof header);
    if (header.opcode == FUSE_FORGET || header.opcode == FUSE_BATCH_FORGET) return true;
    if (header.opcode != FUSE_INTERRUPT) return false;
    refuse_interrupt(fd_, header);
    return true;
}

void Session::process(std::span<char> request) noexcept {
    if (handled_without_libfuse(request)) return;
    fuse_buf buffer{};
    buffer.size = request.size();
    buffer.mem = request.data();
    ::fuse_session_process_buf(session_, &buffer);
}

void Session::take_over(size_t workers) {
    const auto init = log_.init(mount_);
    const uint32_t length = RequestLog::pending(init);
    if (length == 0) throw Error("take over a FUSE connection: the request log does not have its start");
    mute_ = true;
    process(init.first(length));
    mute_ = false;
    for (size_t worker = 0; worker < workers; ++worker) {
        const auto slot = log_.slot(mount_, worker);
        if (const uint32_t pending = RequestLog::pending(slot)) process(slot.first(pending));
        RequestLog::clear(slot);
    }
}

/// @return an errno at the end of the connection; 0 when there is something to store
int Session::answer_until_window(size_t worker, Prefetcher::Window& window) noexcept {
    const auto slot = log_.slot(mount_, worker);
    for (;;) {
        const ssize_t n = ::read(fd_, slot.data(), slot.size());
        if (n < 0) {
            if (reads_again(errno)) continue;
            return errno;
        }
        const uint32_t length = RequestLog::pending(slot);
        if (length == 0 || static_cast<size_t>(n) != length) return EIO;
        fuse_in_header header{};
        std::memcpy(&header, slot.data(), sizeof header);
        if (header.opcode == FUSE_INIT && length <= RequestLog::kInitSize) {
            std::memcpy(log_.init(mount_).data(), slot.data(), length);
        }
        process(slot.first(length));
        RequestLog::clear(slot);
        window = prefetcher_.take_window();
        if (!window.empty() && !storing_.exchange(true)) return 0;
    }
}

int Session::run(size_t worker) noexcept {
    for (;;) {
        answering_.acquire();
        Prefetcher::Window window;
        const int e = answer_until_window(worker, window);
        answering_.release();
        if (e != 0) return e == ENODEV ? 0 : e;
        prefetcher_.store(window);
        storing_ = false;
    }
}

}  // namespace rpod::overlay
