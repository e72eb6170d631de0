// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/copy_content.hh"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace rpod::sys {
namespace {

int copy_by_hand(int from, int to, off_t offset, off_t end) {
    constexpr size_t kBuffer = 256 << 10;
    const std::unique_ptr<char[]> buffer(new char[kBuffer]);
    while (offset < end) {
        const size_t want = std::min<size_t>(kBuffer, static_cast<size_t>(end - offset));
        const ssize_t n = ::pread(from, buffer.get(), want, offset);
        if (n < 0) return errno;
        if (n == 0) return 0;  // it has become shorter
        for (ssize_t done = 0; done < n;) {
            const ssize_t put =
                ::pwrite(to, buffer.get() + done, static_cast<size_t>(n - done), offset + done);
            if (put < 0) return errno;
            done += put;
        }
        offset += n;
    }
    return 0;
}

int copy_range(int from, int to, off_t offset, off_t end) {
    while (offset < end) {
        off_t in = offset;
        off_t out = offset;
        const ssize_t n = ::copy_file_range(from, &in, to, &out, static_cast<size_t>(end - offset), 0);
        if (n == 0) return 0;
        if (n < 0) {
            // Different file systems, or one that cannot.
            if (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)
                return copy_by_hand(from, to, offset, end);
            return errno;
        }
        offset += n;
    }
    return 0;
}

}  // namespace

int copy_content(int from, int to, uint64_t size) {
    if (::ioctl(to, FICLONE, from) == 0) return 0;
    const off_t end = static_cast<off_t>(size);
    for (off_t offset = 0; offset < end;) {
        const off_t data = ::lseek(from, offset, SEEK_DATA);
        if (data < 0 && errno == ENXIO) break;  // a hole up to the end
        if (data < 0) return copy_range(from, to, offset, end);
        const off_t hole = ::lseek(from, data, SEEK_HOLE);
        const off_t stop = hole < 0 ? end : std::min(hole, end);
        if (const int e = copy_range(from, to, data, stop)) return e;
        offset = stop;
    }
    return ::ftruncate(to, end) < 0 ? errno : 0;
}

}  // namespace rpod::sys
