// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace rpod::image {

/// Writes an empty file (borrowed) front to back and leaves holes where long runs of zeros are.
class HoleWriter {
  public:
    /// @param what  names the file in errors: "the layer"
    /// @param total  how many bytes are expected, where that is known
    HoleWriter(int fd, std::string what, std::optional<uint64_t> total)
        : fd_(fd), what_(std::move(what)), total_(total) {}

    /// @throws SysError, of a full disk with how much was written and is free
    void write(std::span<const char> bytes);
    /// Gives the file its size, which a hole at the end does not.
    void finish();
    uint64_t size() const { return offset_; }

  private:
    void write_run(std::span<const char> run);
    [[noreturn]] void fail(int err) const;

    int fd_;
    std::string what_;
    std::optional<uint64_t> total_;
    uint64_t offset_ = 0;
};

}  // namespace rpod::image
