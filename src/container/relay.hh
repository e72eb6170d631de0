// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>

#include "container/attach.hh"
#include "sys/fd.hh"

namespace rpod::container {

/// One output stream of the container on its way to the client: at most one chunk is held, and no more is
/// read while the client has not taken it.
class OutputRelay {
  public:
    /// @param source  a pipe's read end or a terminal's master; owned, made non-blocking
    OutputRelay(AttachKind stream, sys::Fd source);

    AttachKind stream() const { return stream_; }
    int fd() const { return source_.get(); }
    bool wants_more() const { return source_ && pending_.empty(); }
    bool has_pending() const { return !pending_.empty(); }
    bool finished() const { return !source_ && pending_.empty(); }
    /// Reads what is there; at the end of the stream the source is closed.
    void fill();
    void drain(MonitorEnd& client);
    void close() { source_.reset(); }

  private:
    AttachKind stream_;
    sys::Fd source_;
    std::string pending_;
};

/// The container's standard input: the one chunk that the client has sent.
class InputRelay {
  public:
    explicit InputRelay(sys::Fd sink);
    int fd() const { return sink_.get(); }
    void set(std::string data) { pending_ = std::move(data); }
    bool has_pending() const { return !pending_.empty(); }
    /// Whether the container no longer reads.
    bool broken() const { return broken_; }
    /// Writes what fits. @return true when all of it is written, or cannot be
    bool drain();

  private:
    sys::Fd sink_;
    std::string pending_;
    bool broken_ = false;
};

}  // namespace rpod::container
