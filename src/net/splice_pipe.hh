// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <vector>

#include "sys/fd.hh"

namespace rpod::net {

/// A pipe through which splice(2) moves pages from one socket to another without copying them. The sockets do
/// not block.
class SplicePipe {
  public:
    /// Nothing where the process may open no more files, or the user have no more pipes.
    static std::optional<SplicePipe> make();

    /// Takes from a socket what is there and fits; only when empty. As recv(2) otherwise.
    ssize_t fill(int from);
    /// Gives a socket what it takes. As send(2) otherwise.
    ssize_t drain(int to);
    bool empty() const { return pending_ == 0; }

    static constexpr size_t kCapacity = 256 << 10;

  private:
    SplicePipe(sys::Fd reader, sys::Fd writer) : reader_(std::move(reader)), writer_(std::move(writer)) {}

    sys::Fd reader_, writer_;
    size_t pending_ = 0;
};

/// Pipes that are not in use, for the next who moves much.
class SplicePipes {
  public:
    std::optional<SplicePipe> take();
    /// One that is not empty is closed.
    void give_back(SplicePipe pipe);

  private:
    static constexpr size_t kMostIdle = 16;
    std::vector<SplicePipe> idle_;
};

}  // namespace rpod::net
