// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/relay.hh"

#include <fcntl.h>

#include <cerrno>

#include "base/error.hh"

namespace rpod::container {
namespace {

/// Only for descriptors of which we hold the only open file description.
void make_non_blocking(int fd) {
    const int flags = check(::fcntl(fd, F_GETFL), "read the flags of a stream");
    check(::fcntl(fd, F_SETFL, flags | O_NONBLOCK), "make a stream non-blocking");
}

}  // namespace

OutputSource::OutputSource(AttachKind stream, sys::Fd source) : stream_(stream), source_(std::move(source)) {
    make_non_blocking(source_.get());
}

std::string OutputSource::read() {
    char buffer[kAttachChunk];
    const ssize_t n = ::read(source_.get(), buffer, sizeof buffer);
    if (n > 0) return {buffer, static_cast<size_t>(n)};
    // EIO is how a terminal says that its last slave was closed.
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) source_.reset();
    return {};
}

InputRelay::InputRelay(sys::Fd sink) : sink_(std::move(sink)) { make_non_blocking(sink_.get()); }

bool InputRelay::drain() {
    while (!pending_.empty()) {
        const ssize_t n = ::write(sink_.get(), pending_.data(), pending_.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return false;
        if (n < 0) {
            broken_ = true;
            pending_.clear();
            break;
        }
        pending_.erase(0, static_cast<size_t>(n));
    }
    return true;
}

}  // namespace rpod::container
