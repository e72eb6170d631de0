// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "overlay/image_layer.hh"

namespace rpod::overlay {

/// Readahead across files. Most files of an image are small: reading a tree costs one request for each, and
/// the two context switches of a request cost more than the copying. When a program reads the files of a
/// directory in their order (tar, grep -r, cp -a), the next ones are put into the kernel's page cache before
/// it asks (FUSE_NOTIFY_STORE); as images never change, that can never be wrong, only useless. The first file
/// after a window is left to be asked for, which tells that the program goes on: the window doubles then.
///
/// Programs and shared libraries (ELF files up to a few MiB) are stored whole once their head is read: they
/// are mapped, and their pages asked for in the order in which code runs, a request for each jump (busybox's
/// start: 23 requests).
///
/// The kernel makes a store wait for a page that a read has locked, and the answer to that read must not wait
/// for the store: whoever calls store() has left the answering to another thread.
class Prefetcher {
  public:
    struct Window {
        // Files of a directory after `after`, up to `last`; none where that is 0.
        Ino after = 0;
        Ino last = 0;
        // The rest of a program from `from`; none where that is 0.
        Ino program = 0;
        uint64_t from = 0;
        bool empty() const noexcept { return last == 0 && program == 0; }
    };

    Prefetcher(const ImageLayer& layer, int fuse) : layer_(layer), fuse_(fuse) {}

    /// A file was read from its start: these bytes. For the thread that answers.
    void file_read(Ino ino, std::span<const char> head) noexcept;
    /// What should be stored now; the same window is returned once.
    Window take_window() noexcept { return std::exchange(window_, {}); }
    /// One thread at a time.
    void store(Window window) noexcept;

  private:
    bool continues(Ino ino, Ino dir) const noexcept;
    void plan_files(Ino ino) noexcept;
    void store_files(const Window& window) noexcept;
    void store_program(Ino ino, uint64_t from) noexcept;
    bool store_part(Ino ino, uint64_t offset, uint64_t size) const noexcept;

    const ImageLayer& layer_;
    const int fuse_;
    std::atomic<Ino> latest_ = 0;  ///< the file that was asked for last: no need to store it

    // Of the thread that answers.
    Ino dir_ = 0;      ///< where files are being read
    Ino planned_ = 0;  ///< files of dir_ up to this one were read or are to be stored
    Ino next_ = 0;     ///< the file that is expected to be asked for
    unsigned streak_ = 0;
    unsigned size_ = 0;  ///< files in a window
    Window window_;

    std::unique_ptr<char[]> buffer_;  ///< of the thread that stores
};

}  // namespace rpod::overlay
