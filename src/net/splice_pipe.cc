// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/splice_pipe.hh"

#include <fcntl.h>
#include <unistd.h>

namespace rpod::net {

std::optional<SplicePipe> SplicePipe::make() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return std::nullopt;
    SplicePipe pipe{sys::Fd(ends[0]), sys::Fd(ends[1])};
    // Beyond fs.pipe-user-pages-soft pipes are too small to be worth it.
    if (::fcntl(ends[1], F_SETPIPE_SZ, static_cast<int>(kCapacity)) < 0) return std::nullopt;
    return pipe;
}

ssize_t SplicePipe::fill(int from) {
    const ssize_t n =
        ::splice(from, nullptr, writer_.get(), nullptr, kCapacity, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (n > 0) pending_ += static_cast<size_t>(n);
    return n;
}

ssize_t SplicePipe::drain(int to) {
    const ssize_t n =
        ::splice(reader_.get(), nullptr, to, nullptr, pending_, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (n > 0) pending_ -= static_cast<size_t>(n);
    return n;
}

std::optional<SplicePipe> SplicePipes::take() {
    if (idle_.empty()) return SplicePipe::make();
    std::optional<SplicePipe> pipe(std::move(idle_.back()));
    idle_.pop_back();
    return pipe;
}

void SplicePipes::give_back(SplicePipe pipe) {
    if (pipe.empty() && idle_.size() < kMostIdle) idle_.push_back(std::move(pipe));
}

}  // namespace rpod::net
