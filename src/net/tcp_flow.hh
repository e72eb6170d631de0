// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "net/splice_pipe.hh"
#include "sys/fd.hh"

namespace rpod::net {

/// One socket of a forwarded connection, and what epoll(7), edge-triggered, has told of it.
struct TcpSide {
    sys::Fd fd;
    bool readable = false;
    bool writable = true;
    bool ending = false;  ///< its end, or an error, waits behind the bytes
    bool gone = false;    ///< reading has failed

    void note(uint32_t events);
};

/// What the flows of one thread use in turn.
struct FlowTools {
    std::vector<uint8_t> buffer = std::vector<uint8_t>(256 << 10);
    SplicePipes pipes;
};

/// One direction of a forwarded connection. Few bytes are copied; where they come in masses, splice(2) moves
/// them. Holds no memory while nothing waits in it.
class TcpFlow {
  public:
    enum class Move {
        waits,  ///< for one of the sides
        more,   ///< its share of the turn is used up
        failed  ///< one of the sides is gone
    };
    /// Moves bytes and, behind them, the end.
    Move pass(TcpSide& from, TcpSide& to, FlowTools& tools);
    /// After the connection broke: what `from` had said before. The end behind it is no orderly one.
    void pass_last_words(TcpSide& from, TcpSide& to, FlowTools& tools);
    /// `to` knows that `from` has ended.
    bool is_over() const { return over_; }

  private:
    bool holds_bytes() const { return !rest_.empty() || (pipe_ && !pipe_->empty()); }
    bool flush(TcpSide& to, FlowTools& tools);
    bool fill(TcpSide& from, TcpSide& to, FlowTools& tools);
    bool fill_pipe(TcpSide& from, FlowTools& tools);
    bool copy(TcpSide& from, TcpSide& to, FlowTools& tools);

    std::vector<uint8_t> rest_;  ///< what could not be written yet
    size_t done_ = 0;            ///< of rest_
    std::optional<SplicePipe> pipe_;
    bool in_masses_ = false;
    bool ended_ = false;
    bool over_ = false;
};

}  // namespace rpod::net
