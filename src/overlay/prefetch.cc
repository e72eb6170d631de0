// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/prefetch.hh"

#include <linux/fuse.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>
#include <string_view>

namespace rpod::overlay {
namespace {

constexpr unsigned kFirstWindow = 4;  ///< files; what a wrong guess costs
constexpr unsigned kMaxWindow = 64;
constexpr unsigned kSure =
    3;  ///< files in order, after which another directory is believed to go on in order
constexpr uint64_t kMaxFile =
    128 << 10;  ///< larger ones need several requests and have the kernel's own readahead
constexpr uint64_t kMaxBytes = 1 << 20;    ///< in one window
constexpr uint64_t kMaxProgram = 4 << 20;  ///< of larger ones little is used
constexpr unsigned kMaxSkip = 256;         ///< nodes that are no files, between two files

}  // namespace

bool Prefetcher::continues(Ino ino, Ino dir) const noexcept {
    if (dir == dir_) return ino <= next_ && ino > planned_;
    return streak_ >= kSure && layer_.next_file(dir, 0, kMaxSkip) == ino;
}

void Prefetcher::file_read(Ino ino, std::span<const char> head) noexcept {
    constexpr std::string_view kElf = "\177ELF";
    const uint64_t size = layer_.file_size(ino);
    if (size > head.size() && size <= kMaxProgram &&
        std::string_view(head.data(), head.size()).starts_with(kElf)) {
        window_.program = ino;
        window_.from = head.size();
    }
    plan_files(ino);
}

void Prefetcher::plan_files(Ino ino) noexcept {
    latest_.store(ino, std::memory_order_relaxed);
    const Ino dir = layer_.directory_of(ino);
    // A large file in the window, or one that was asked for before it was stored.
    if (dir == dir_ && ino <= planned_ && streak_ > 0) return;
    const bool goes_on = continues(ino, dir);
    streak_ = goes_on ? streak_ + 1 : 0;
    size_ = goes_on ? std::clamp(size_ * 2, kFirstWindow, kMaxWindow) : 0;
    dir_ = dir;
    planned_ = ino;
    next_ = layer_.next_file(dir, ino, kMaxSkip);
    uint64_t bytes = 0;
    for (unsigned files = 0; files < size_ && next_ != 0 && bytes < kMaxBytes; ++files) {
        planned_ = next_;
        const uint64_t size = layer_.file_size(planned_);
        bytes += size <= kMaxFile ? size : 0;
        next_ = layer_.next_file(dir, planned_, kMaxSkip);
    }
    if (planned_ > ino) {
        window_.after = ino;
        window_.last = planned_;
    }
}

void Prefetcher::store(Window window) noexcept {
    if (!buffer_) buffer_.reset(new (std::nothrow) char[kMaxFile]);
    if (!buffer_) return;
    if (window.program != 0) store_program(window.program, window.from);
    if (window.last != 0) store_files(window);
}

void Prefetcher::store_files(const Window& window) noexcept {
    for (Ino ino = window.after + 1; ino <= window.last; ++ino) {
        const Ino latest = latest_.load(std::memory_order_relaxed);
        if (latest < window.after || latest > window.last) return;  // the program is somewhere else by now
        if (latest >= ino) continue;                                // it is faster: get ahead of it
        const uint64_t size = layer_.file_size(ino);
        if (size == 0 || size > kMaxFile) continue;
        if (!store_part(ino, 0, size)) return;
    }
}

void Prefetcher::store_program(Ino ino, uint64_t from) noexcept {
    const uint64_t size = layer_.file_size(ino);
    for (uint64_t offset = from; offset < size; offset += kMaxFile) {
        if (!store_part(ino, offset, std::min(kMaxFile, size - offset))) return;
    }
}

bool Prefetcher::store_part(Ino ino, uint64_t offset, uint64_t size) const noexcept {
    const auto content = layer_.read(ino, offset, {buffer_.get(), size});
    if (!content || *content != size) return false;
    fuse_notify_store_out store{.nodeid = ino, .offset = offset, .size = static_cast<uint32_t>(size)};
    fuse_out_header header{.error = FUSE_NOTIFY_STORE};
    header.len = static_cast<uint32_t>(sizeof header + sizeof store + size);
    iovec parts[] = {{&header, sizeof header}, {&store, sizeof store}, {buffer_.get(), size}};
    // ENOENT: the kernel has no such inode (any more); it will ask if it needs to.
    return ::writev(fuse_, parts, 3) >= 0 || errno == ENOENT;
}

}  // namespace rpod::overlay
