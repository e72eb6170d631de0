// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/byte_source.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "base/error.hh"

namespace rpod::image {

uint64_t ByteSource::skip(uint64_t n) {
    std::vector<char> scratch(std::min<uint64_t>(n, 64 << 10));
    uint64_t done = 0;
    while (done < n) {
        const size_t got = read(std::span(scratch).first(std::min<uint64_t>(scratch.size(), n - done)));
        if (got == 0) break;
        done += got;
    }
    return done;
}

size_t read_fully(ByteSource& source, std::span<char> into) {
    size_t done = 0;
    while (done < into.size()) {
        const size_t got = source.read(into.subspan(done));
        if (got == 0) break;
        done += got;
    }
    return done;
}

size_t FdSource::read(std::span<char> into) {
    for (;;) {
        const ssize_t n = ::read(fd_, into.data(), into.size());
        if (n < 0 && errno == EINTR) continue;
        return static_cast<size_t>(check(n, "read {}", what_));
    }
}

FileSource::FileSource(int fd, std::string what, uint64_t offset, uint64_t length)
    : fd_(fd), what_(std::move(what)), position_(offset) {
    struct stat st {};
    check(::fstat(fd_, &st), "stat {}", what_);
    const auto size = static_cast<uint64_t>(st.st_size);
    position_ = std::min(offset, size);
    end_ = position_ + std::min(length, size - position_);
}

size_t FileSource::read(std::span<char> into) {
    const size_t want = std::min<uint64_t>(into.size(), end_ - position_);
    if (want == 0) return 0;
    for (;;) {
        const ssize_t n = ::pread(fd_, into.data(), want, static_cast<off_t>(position_));
        if (n < 0 && errno == EINTR) continue;
        position_ += static_cast<size_t>(check(n, "read {}", what_));
        if (n == 0) end_ = position_;  // Somebody truncated the file.
        return static_cast<size_t>(n);
    }
}

uint64_t FileSource::skip(uint64_t n) {
    const uint64_t step = std::min(n, end_ - position_);
    position_ += step;
    return step;
}

size_t MemorySource::read(std::span<char> into) {
    const size_t n = rest_.copy(into.data(), into.size());
    rest_.remove_prefix(n);
    return n;
}

uint64_t MemorySource::skip(uint64_t n) {
    const size_t step = std::min<uint64_t>(n, rest_.size());
    rest_.remove_prefix(step);
    return step;
}

}  // namespace rpod::image
