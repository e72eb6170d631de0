// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rpod::overlay {

/// Where requests are read to: memory that outlives the server. A request that a server has read and not
/// answered would hang its caller, unkillably; the next server finds it here. One file, mapped by each server
/// in turn:
///
///   for each mount   kInitSize bytes    the FUSE_INIT request: the next server answers it again, to itself,
///   to set libfuse up
///                    kSlotSize × workers   a slot each: the request that the worker has read; its length
///                    field (the first 32 bits)
///                                       is 0 when there is none
///
/// The kernel writes a request in one piece, so a slot with a length holds one that is complete (or was given
/// up by the kernel, which then refuses the answer with ENOENT: harmless, as is answering twice).
class RequestLog {
  public:
    static constexpr size_t kInitSize = 4096;
    static constexpr size_t kSlotSize =
        (1 << 20) + 8192;  ///< the kernel wants room for the largest write, though none comes

    /// @param fd  from make_request_log, or -1 for memory of our own. @throws SysError
    RequestLog(int fd, size_t mounts, size_t workers);
    RequestLog(const RequestLog&) = delete;
    RequestLog& operator=(const RequestLog&) = delete;
    ~RequestLog();

    std::span<char> init(size_t mount) const noexcept { return {at(mount), kInitSize}; }
    std::span<char> slot(size_t mount, size_t worker) const noexcept {
        return {at(mount) + kInitSize + worker * kSlotSize, kSlotSize};
    }

    /// The length of the request in a slot or an init area, 0 for none (or nonsense).
    static uint32_t pending(std::span<const char> slot) noexcept;
    static void clear(std::span<char> slot) noexcept;

  private:
    size_t mount_size() const noexcept { return kInitSize + workers_ * kSlotSize; }
    char* at(size_t mount) const noexcept { return data_ + mount * mount_size(); }

    size_t workers_;
    size_t size_;
    char* data_;
};

}  // namespace rpod::overlay
