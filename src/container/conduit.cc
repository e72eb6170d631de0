// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/conduit.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace rpod::container {
namespace {

constexpr size_t kChunk = 64 << 10;

/// Our own streams may be shared with other programs, so they stay blocking: a pipe or terminal gets no more
/// at once than poll(2) vouches for.
bool may_block(int fd) {
    struct stat st {};
    if (::fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) return false;
    return (::fcntl(fd, F_GETFL) & O_NONBLOCK) == 0;
}

}  // namespace

Conduit::Conduit(int source, int sink) : source_(source), sink_(sink), sink_may_block_(may_block(sink)) {}

void Conduit::fill(const std::function<std::string(std::string)>& filter) {
    std::string data(kChunk, '\0');
    const ssize_t n = ::read(source_, data.data(), data.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    // A terminal whose other side is gone says EIO.
    if (n <= 0) {
        open_ = false;
        return;
    }
    data.resize(static_cast<size_t>(n));
    pending_ = filter ? filter(std::move(data)) : std::move(data);
    if (!sink_may_block_) drain();
}

void Conduit::drain() {
    while (!pending_.empty()) {
        const size_t size = sink_may_block_ ? std::min<size_t>(pending_.size(), PIPE_BUF) : pending_.size();
        const ssize_t n = ::write(sink_, pending_.data(), size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0) {
            broken_ = true;
            open_ = false;
            pending_.clear();
            return;
        }
        pending_.erase(0, static_cast<size_t>(n));
        if (sink_may_block_) return;
    }
}

}  // namespace rpod::container
