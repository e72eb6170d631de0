// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/request_log.hh"

#include <linux/fuse.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "base/error.hh"
#include "overlay/serve.hh"

namespace rpod::overlay {

sys::Fd make_request_log() {
    return sys::Fd(check(::memfd_create("rpod-requests", MFD_CLOEXEC), "make a request log"));
}

RequestLog::RequestLog(int fd, size_t mounts, size_t workers)
    : workers_(workers), size_(mounts * mount_size()) {
    if (fd >= 0) {
        struct stat st {};
        check(::fstat(fd, &st), "stat the request log");
        // It only grows: a slot beyond its end would be SIGBUS.
        if (static_cast<size_t>(st.st_size) < size_)
            check(::ftruncate(fd, static_cast<off_t>(size_)), "size the request log");
    }
    const int flags = fd >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
    void* map = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE, fd, 0);
    if (map == MAP_FAILED) throw SysError(errno, "map the request log");
    data_ = static_cast<char*>(map);
}

RequestLog::~RequestLog() { ::munmap(data_, size_); }

uint32_t RequestLog::pending(std::span<const char> slot) noexcept {
    uint32_t length = 0;
    std::memcpy(&length, slot.data(), sizeof length);
    return length >= sizeof(fuse_in_header) && length <= slot.size() ? length : 0;
}

void RequestLog::clear(std::span<char> slot) noexcept { std::memset(slot.data(), 0, sizeof(uint32_t)); }

}  // namespace rpod::overlay
