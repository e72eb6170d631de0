// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace rpod::image {

/// Bytes that come once, front to back: a file, a pipe, a download, a decompressor over one of them. One
/// thread uses it.
class ByteSource {
  public:
    virtual ~ByteSource() = default;
    /// Fills the front of `into`, which is not empty, with at least one byte; 0 at the end.
    virtual size_t read(std::span<char> into) = 0;
    /// Passes over n bytes and says how many there were: fewer only at the end.
    virtual uint64_t skip(uint64_t n);
};

/// Reads until `into` is full or the source ends; the number of bytes read.
size_t read_fully(ByteSource& source, std::span<char> into);

/// read(2) from a descriptor (borrowed). `what` names it in errors: "'/tmp/image.tar'", "standard input".
class FdSource : public ByteSource {
  public:
    FdSource(int fd, std::string what) : fd_(fd), what_(std::move(what)) {}
    size_t read(std::span<char> into) override;

  private:
    int fd_;
    std::string what_;
};

/// A range of a file through pread(2): several can share a descriptor (borrowed), and skipping costs nothing.
class FileSource : public ByteSource {
  public:
    /// The range ends at the end of the file where `length` goes beyond it. @throws SysError
    FileSource(int fd, std::string what, uint64_t offset = 0, uint64_t length = UINT64_MAX);
    size_t read(std::span<char> into) override;
    uint64_t skip(uint64_t n) override;

  private:
    int fd_;
    std::string what_;
    uint64_t position_;
    uint64_t end_;
};

/// A text (borrowed).
class MemorySource : public ByteSource {
  public:
    explicit MemorySource(std::string_view text) : rest_(text) {}
    size_t read(std::span<char> into) override;
    uint64_t skip(uint64_t n) override;

  private:
    std::string_view rest_;
};

}  // namespace rpod::image
