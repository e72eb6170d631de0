// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <atomic>
#include <span>

#include "overlay/image_layer.hh"
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

    /// Answers requests until the file system is gone. Several workers may run at once, each with a number of
    /// its own.
    /// @return 0 after an unmount, else an errno
    int run(size_t worker) noexcept;

    const ImageLayer& layer() const noexcept { return layer_; }
    void negotiate(fuse_conn_info* connection) const noexcept;
    ssize_t write_reply(int fd, const iovec* parts, int count) noexcept;

  private:
    void process(std::span<char> request) noexcept;
    bool handled_without_libfuse(std::span<const char> request) const noexcept;

    const ImageLayer& layer_;
    const RequestLog& log_;
    const size_t mount_;
    const int fd_;  ///< belongs to session_
    fuse_session* session_;
    std::atomic<bool> mute_ = false;  ///< during take_over: the kernel has had this answer
};

}  // namespace rpod::overlay
