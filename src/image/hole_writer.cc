// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/hole_writer.hh"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.hh"

namespace rpod::image {
namespace {

// Shorter runs of zeros are written: holes cost the file system an extent.
constexpr size_t kHoleSize = 64 << 10;

bool is_zero(std::span<const char> bytes) {
    return bytes[0] == '\0' && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace

void HoleWriter::write(std::span<const char> bytes) {
    size_t pending = 0;  // from the front of bytes, to be written
    for (size_t at = 0; at < bytes.size(); at += kHoleSize) {
        const auto piece = bytes.subspan(at, std::min(kHoleSize, bytes.size() - at));
        if (piece.size() < kHoleSize || !is_zero(piece)) {
            pending += piece.size();
            continue;
        }
        write_run(bytes.subspan(at - pending, pending));
        pending = 0;
        offset_ += piece.size();
    }
    write_run(bytes.subspan(bytes.size() - pending));
}

void HoleWriter::finish() {
    if (::ftruncate(fd_, static_cast<off_t>(offset_)) < 0) fail(errno);
}

void HoleWriter::write_run(std::span<const char> run) {
    while (!run.empty()) {
        const ssize_t n = ::pwrite(fd_, run.data(), run.size(), static_cast<off_t>(offset_));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail(errno);
        offset_ += static_cast<size_t>(n);
        run = run.subspan(static_cast<size_t>(n));
    }
}

void HoleWriter::fail(int err) const {
    const std::string done =
        total_ ? fmt::format("{} of {} bytes", offset_, *total_) : fmt::format("{} bytes", offset_);
    struct statvfs fs {};
    if ((err == ENOSPC || err == EDQUOT) && ::fstatvfs(fd_, &fs) == 0) {
        const uint64_t free = uint64_t{fs.f_bavail} * fs.f_frsize;
        throw SysError(err, "write {}: {} are written and {} bytes are free", what_, done, free);
    }
    throw SysError(err, "write {}: {} are written", what_, done);
}

}  // namespace rpod::image
