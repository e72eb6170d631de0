// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sys/fd.hh"

namespace rpod::sys {

/// One message between two processes of rpod: a named kind, a short text, descriptors. The folders that hold
/// both sides of a fork (userns/launcher, runtime/sync) give the kinds their names and wrap a Channel in one
/// class for each side.
struct Packet {
    uint32_t kind = 0;
    std::string text;     ///< at most kMaxText bytes
    std::vector<Fd> fds;  ///< at most kMaxFds
    static constexpr size_t kMaxText = 64 << 10;
    static constexpr size_t kMaxFds = 64;
};

/// One end of a socket pair (AF_UNIX, SOCK_SEQPACKET). The end of the other process shows as EOF, which is
/// how a peer's death is told: getppid is 0 across a PID namespace, and PDEATHSIG is cleared by setresuid.
class Channel {
  public:
    explicit Channel(Fd fd) : fd_(std::move(fd)) {}
    static std::pair<Channel, Channel> make_pair();

    /// @throws SysError, EPIPE where the peer is gone
    void send(uint32_t kind, std::string_view text = {}, const std::vector<int>& fds = {}) const;
    /// As send, without waiting. @return false where the peer has not read enough yet
    bool try_send(uint32_t kind, std::string_view text = {}) const;
    /// Waits for one message; nothing at EOF. @throws SysError
    std::optional<Packet> receive() const;

    int fd() const noexcept { return fd_.get(); }
    void close() noexcept { fd_.reset(); }

  private:
    ssize_t transmit(uint32_t kind, std::string_view text, const std::vector<int>& fds, int flags) const;
    Fd fd_;
};

}  // namespace rpod::sys
