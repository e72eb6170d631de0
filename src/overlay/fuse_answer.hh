// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#define FUSE_USE_VERSION 314
#include <fuse3/fuse_lowlevel.h>
#include <linux/fuse.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <new>
#include <span>
#include <string>

#include "base/log.hh"
#include "base/result.hh"

/// What both servers, of images (Session) and of writable overlays (WriteSession), do alike around libfuse.
namespace rpod::overlay {

/// Of reads and writes; also sets the kernel's max_pages.
constexpr size_t kMaxTransfer = 1 << 20;

/// Every request is answered exactly once; nothing is thrown through libfuse. fn answers and returns 0, or
/// returns an errno.
template <class Fn>
void answer_request(fuse_req_t request, Fn fn) noexcept {
    int failure = EIO;
    try {
        failure = fn();
    } catch (const std::bad_alloc&) {
        failure = ENOMEM;
    } catch (const std::exception& e) {
        log::warn("answer a FUSE request: {}", e.what());
    }
    if (failure != 0) fuse_reply_err(request, failure);
}

/// A worker's buffer for answers, of at most kMaxTransfer; grows to the largest that was asked for and is
/// never cleared.
std::span<char> reply_buffer(size_t size);

/// getxattr(2) and listxattr(2): size 0 asks for the length.
int reply_sized(fuse_req_t request, const Result<std::string>& value, size_t size);

/// Tells the kernel to interrupt nothing: no request waits for something that may never come.
void refuse_interrupt(int fuse, const fuse_in_header& header) noexcept;

/// Whether read(2) on a connection is just to be called again. ENOENT: the request was interrupted before it
/// was read.
constexpr bool reads_again(int e) noexcept { return e == EINTR || e == EAGAIN || e == ENOENT; }

inline ssize_t read_connection(int fd, void* buffer, size_t size, void*) noexcept {
    return ::read(fd, buffer, size);
}
template <class Server>
ssize_t write_connection(int fd, iovec* parts, int count, void* server) noexcept {
    return static_cast<Server*>(server)->write_reply(fd, parts, count);
}
/// libfuse's answers go through Server::write_reply.
template <class Server>
constexpr fuse_custom_io kConnectionIo{.writev = write_connection<Server>,
                                       .read = read_connection,
                                       .splice_receive = nullptr,
                                       .splice_send = nullptr};

}  // namespace rpod::overlay
