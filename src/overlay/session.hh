// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <atomic>
#include <semaphore>
#include <span>

#include "overlay/image_layer.hh"
#include "overlay/prefetch.hh"
#include "overlay/request_log.hh"
#include "sys/fd.hh"

struct fuse_conn_info;
struct fuse_session;

namespace rpod::overlay {

/// One FUSE connection: libfuse's session around an ImageLayer, with requests read to a RequestLog. Borrows
/// all but the descriptor.
class Session {
  public:
    /// @throws Error
    Session(sys::Fd fuse, const ImageLayer& layer, const RequestLog& log, size_t mount);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    /// Answers again the FUSE_INIT that the dead server had answered, to ourselves, then what it had read and
    /// not answered.
    /// @throws Error where the log holds no FUSE_INIT
    void take_over(size_t workers);

    /// Answers requests until the file system is gone. For two workers: one answers; when it goes to read
    /// ahead, the other takes its place. (Two that wait for requests in turn were measured to use twice
    /// the CPU of one: the kernel wakes them alternately.)
    /// @return 0 after an unmount, else an errno
    int run(size_t worker) noexcept;

    const ImageLayer& layer() const noexcept { return layer_; }
    Prefetcher& prefetcher() noexcept { return prefetcher_; }
    void negotiate(fuse_conn_info* connection) const noexcept;
    ssize_t write_reply(int fd, const iovec* parts, int count) noexcept;

  private:
    void process(std::span<char> request) noexcept;
    int answer_until_window(size_t worker, Prefetcher::Window& window) noexcept;
    bool handled_without_libfuse(std::span<const char> request) const noexcept;

    const ImageLayer& layer_;
    const RequestLog& log_;
    const size_t mount_;
    const int fd_;  ///< belongs to session_
    Prefetcher prefetcher_;
    fuse_session* session_;
    std::binary_semaphore answering_{1};
    std::atomic<bool> storing_ = false;
    std::atomic<bool> mute_ = false;  ///< during take_over: the kernel has had this answer
};

}  // namespace rpod::overlay
