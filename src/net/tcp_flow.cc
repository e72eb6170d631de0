// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/tcp_flow.hh"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace rpod::net {
namespace {

/// Buffers moved before other connections have their turn.
constexpr int kMoveBatch = 8;
/// So many bytes at once announce more: from there on a pipe pays.
constexpr size_t kMasses = 64 << 10;
constexpr size_t kFew = 8 << 10;

/// What a call on a socket that was to be written to says. @return -1: the side is gone
ssize_t written(TcpSide& to, ssize_t n) {
    if (n >= 0) return n;
    if (errno == EINTR) return 0;
    if (errno != EAGAIN) return -1;
    to.writable = false;
    return 0;
}

/// false: the side is gone.
bool read_failed(TcpSide& from) {
    from.readable = errno == EINTR;
    from.gone = errno != EAGAIN && errno != EINTR;
    return !from.gone;
}

}  // namespace

void TcpSide::note(uint32_t events) {
    const bool broken = events & (EPOLLERR | EPOLLHUP);
    if (broken || events & EPOLLRDHUP) ending = true;
    if (ending || events & EPOLLIN) readable = true;
    if (broken || events & EPOLLOUT) writable = true;
}

TcpFlow::Move TcpFlow::pass(TcpSide& from, TcpSide& to, FlowTools& tools) {
    for (int i = 0; i < kMoveBatch; ++i) {
        if (!flush(to, tools)) return Move::failed;
        if (holds_bytes() || over_) return Move::waits;
        if (ended_) {
            over_ = true;
            return ::shutdown(to.fd.get(), SHUT_WR) == 0 ? Move::waits : Move::failed;
        }
        if (!from.readable) return Move::waits;
        if (!fill(from, to, tools)) return Move::failed;
    }
    return Move::more;
}

void TcpFlow::pass_last_words(TcpSide& from, TcpSide& to, FlowTools& tools) {
    if (from.gone) return;
    from.readable = true;
    for (int i = 0; i < kMoveBatch; ++i) {
        if (!flush(to, tools) || holds_bytes() || ended_ || !from.readable) return;
        if (!fill(from, to, tools)) return;
    }
}

/// Writes what is left from earlier.
bool TcpFlow::flush(TcpSide& to, FlowTools& tools) {
    while (!rest_.empty() && to.writable) {
        const ssize_t n =
            written(to, ::send(to.fd.get(), rest_.data() + done_, rest_.size() - done_, MSG_NOSIGNAL));
        if (n < 0) return false;
        done_ += static_cast<size_t>(n);
        if (done_ < rest_.size()) continue;
        done_ = 0;
        rest_ = {};
    }
    while (pipe_ && !pipe_->empty() && to.writable) {
        if (written(to, pipe_->drain(to.fd.get())) < 0) return false;
    }
    if (pipe_ && pipe_->empty()) {
        tools.pipes.give_back(*std::move(pipe_));
        pipe_.reset();
    }
    return true;
}

bool TcpFlow::fill(TcpSide& from, TcpSide& to, FlowTools& tools) {
    if (in_masses_) pipe_ = tools.pipes.take();
    return pipe_ ? fill_pipe(from, tools) : copy(from, to, tools);
}

bool TcpFlow::fill_pipe(TcpSide& from, FlowTools& tools) {
    const ssize_t n = pipe_->fill(from.fd.get());
    if (n > 0) {
        in_masses_ = static_cast<size_t>(n) >= kFew;
        return true;
    }
    const bool good = n == 0 || read_failed(from);
    ended_ = n == 0;
    tools.pipes.give_back(*std::move(pipe_));
    pipe_.reset();
    return good;
}

bool TcpFlow::copy(TcpSide& from, TcpSide& to, FlowTools& tools) {
    auto& buffer = tools.buffer;
    const ssize_t n = ::recv(from.fd.get(), buffer.data(), buffer.size(), 0);
    if (n < 0) return read_failed(from);
    ended_ = n == 0;
    const auto size = static_cast<size_t>(n);
    in_masses_ = size >= kMasses;
    // More than this was not there; what comes later is an event of its own.
    if (size < buffer.size() && !from.ending) from.readable = false;
    ssize_t sent = 0;
    if (size > 0 && to.writable) sent = written(to, ::send(to.fd.get(), buffer.data(), size, MSG_NOSIGNAL));
    if (sent < 0) return false;
    rest_.assign(buffer.begin() + sent, buffer.begin() + n);
    return true;
}

}  // namespace rpod::net
