// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>

#include "container/attach.hh"
#include "sys/fd.hh"

namespace rpod::container {

/// One output stream of the container.
class OutputSource {
  public:
    /// @param source  a pipe's read end or a terminal's master; owned, made non-blocking
    OutputSource(AttachKind stream, sys::Fd source);

    AttachKind stream() const { return stream_; }
    int fd() const { return source_.get(); }
    bool is_open() const { return static_cast<bool>(source_); }
    /// Reads what is there, at most kAttachChunk bytes; at the end of the stream the source is closed.
    std::string read();
    void close() { source_.reset(); }

  private:
    AttachKind stream_;
    sys::Fd source_;
};

/// The container's standard input: what clients have sent, at most one chunk each.
class InputRelay {
  public:
    explicit InputRelay(sys::Fd sink);
    int fd() const { return sink_.get(); }
    void add(std::string_view data) { pending_ += data; }
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
