// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/uio.h>

#include <atomic>
#include <memory>
#include <semaphore>
#include <span>
#include <string>
#include <vector>

#include "overlay/overlay.hh"
#include "sys/fd.hh"

struct fuse_conn_info;
struct fuse_session;

namespace rpod::overlay {

struct WriteSessionOptions {
    double timeout = 1e9;  ///< seconds for which the kernel need not ask again
    bool writeback = true;
};

/// One FUSE connection: libfuse's session around an Overlay. Borrows the overlay.
class WriteSession {
  public:
    /// @param fuse  from mount_fuse
    /// @throws Error
    WriteSession(Overlay& overlay, sys::Fd fuse, WriteSessionOptions options);
    /// Mounts through the setuid program fusermount3. @param mount_options  "fsname=x,nodev", for it
    WriteSession(Overlay& overlay, const std::string& path, const std::string& mount_options,
                 WriteSessionOptions options);
    WriteSession(const WriteSession&) = delete;
    WriteSession& operator=(const WriteSession&) = delete;
    ~WriteSession();

    /// Answers requests until the file system is gone; for as many threads as there may be requests that
    /// wait for a disk. One of them waits for requests and answers them; another takes its place when it is
    /// about to do what can take long. (Several that wait in turn cost twice the CPU: the kernel wakes them
    /// alternately.)
    /// @return 0 after an unmount, else an errno
    int run() noexcept;

    Overlay& overlay() noexcept { return overlay_; }
    double timeout() const noexcept { return options_.timeout; }
    /// Whether the request that the calling worker answers takes set-ID bits away from the file that it
    /// writes: the kernel says so, as the privileges are those of the one who asks, not ours.
    static bool drops_set_ids() noexcept;
    /// The calling worker may be busy for a while.
    void let_others() noexcept;
    void negotiate(fuse_conn_info* connection) const noexcept;
    ssize_t write_reply(int fd, iovec* parts, int count) noexcept;

  private:
    void start(const std::string& mount_options);
    void process(std::span<char> request) noexcept;
    void answer_tmpfile(std::span<const char> request) noexcept;

    Overlay& overlay_;
    const WriteSessionOptions options_;
    int fd_ = -1;  ///< belongs to session_
    fuse_session* session_ = nullptr;
    std::binary_semaphore answering_{1};
    bool starting_ = false;       ///< FUSE_INIT is being answered
    uint32_t kernel_offers_ = 0;  ///< flags of FUSE_INIT
};

}  // namespace rpod::overlay
