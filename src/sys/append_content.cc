// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/append_content.hh"

#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

namespace rpod::sys {
namespace {

/// Moves at most `size` bytes from `offset` on, which it advances: how many; -1 with errno set.
using Step = ssize_t (*)(int from, int to, off_t& offset, size_t size);

ssize_t copy_range(int from, int to, off_t& offset, size_t size) {
    return ::copy_file_range(from, &offset, to, nullptr, size, 0);
}

ssize_t send_file(int from, int to, off_t& offset, size_t size) {
    return ::sendfile(to, from, &offset, size);
}

ssize_t copy_by_hand(int from, int to, off_t& offset, size_t size) {
    constexpr size_t kBuffer = 256 << 10;
    const std::unique_ptr<char[]> buffer(new char[kBuffer]);
    const ssize_t got = ::pread(from, buffer.get(), std::min(size, kBuffer), offset);
    if (got <= 0) return got;
    const ssize_t put = ::write(to, buffer.get(), static_cast<size_t>(got));
    if (put > 0) offset += put;
    return put;
}

/// Whether another way may do what this one does not: files of two file systems (EXDEV), pipes (EINVAL),
/// files opened with O_APPEND (EBADF), old kernels and filters of system calls.
bool may_work_otherwise(int err) {
    return err == EXDEV || err == EINVAL || err == EBADF || err == ENOSYS || err == EOPNOTSUPP ||
           err == EPERM;
}

}  // namespace

int append_content(int from, int to, uint64_t size) {
    constexpr std::array<Step, 3> kWays{copy_range, send_file, copy_by_hand};
    size_t way = 0;
    off_t offset = 0;
    for (const auto end = static_cast<off_t>(size); offset < end;) {
        const ssize_t n = kWays[way](from, to, offset, static_cast<size_t>(end - offset));
        if (n > 0 || (n < 0 && errno == EINTR)) continue;
        // Some file systems say 0 where they mean that they cannot; the last way tells the end of the file.
        const bool next = way + 1 < kWays.size() && (n == 0 || may_work_otherwise(errno));
        if (!next) return n == 0 ? EIO : errno;
        ++way;
    }
    return 0;
}

}  // namespace rpod::sys
