// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace rpod::image {

/// Raw deflate (RFC 1951) by ISA-L where the build has it, which takes half the time, else by zlib.
class Inflater {
  public:
    Inflater();
    ~Inflater();

    struct Step {
        ptrdiff_t consumed = 0;  ///< negative where bytes of an earlier piece were not needed; never below -8
        size_t produced = 0;
        bool ended = false;
    };
    /// @throws Error where the stream is corrupt
    Step step(std::span<const char> in, std::span<char> out);
    /// Makes it ready for another stream.
    void reset();

    /// Continues a CRC-32 as gzip has it, which begins with 0.
    static uint32_t crc32(uint32_t crc, std::span<const char> bytes);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace rpod::image
