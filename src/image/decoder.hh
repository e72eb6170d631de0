// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/error.hh"
#include "image/byte_source.hh"

/// What the decoders of the compressed formats share. For image/compress.cc only.
namespace rpod::image {

/// The compressed bytes, a buffer at a time.
class DecoderInput {
  public:
    explicit DecoderInput(ByteSource& source)
        : source_(source), buffer_(std::make_unique_for_overwrite<char[]>(kHeadroom + kSize)) {}

    /// Makes bytes() not empty if there are any left; false at the end.
    bool fill();
    std::span<const char> bytes() const { return {buffer_.get() + begin_, end_ - begin_}; }
    /// A negative number, to -8, gives bytes back that had been consumed last.
    void consume(ptrdiff_t n) { begin_ += n; }

  private:
    static constexpr size_t kHeadroom = 8;
    static constexpr size_t kSize = 256 << 10;
    ByteSource& source_;
    std::unique_ptr<char[]> buffer_;
    size_t begin_ = kHeadroom;
    size_t end_ = kHeadroom;
};

/// A decompressor: derived classes do one step of their format.
class Decoder : public ByteSource {
  public:
    Decoder(ByteSource& source, std::string_view format, uint64_t max_output)
        : input_(source), format_(format), left_(max_output), max_output_(max_output) {}
    size_t read(std::span<char> into) final;

  protected:
    /// Decodes from `in` (empty only at the end of the source, `last`) to `out`, which is not empty.
    struct Step {
        ptrdiff_t consumed = 0;
        size_t produced = 0;
        bool ended = false;     ///< this stream is complete, and another may follow
        bool advanced = false;  ///< there was progress even if nothing was consumed or produced
    };
    virtual Step step(std::span<const char> in, std::span<char> out, bool last) = 0;
    [[noreturn]] void fail(std::string_view why) const { throw Error("{} stream: {}", format_, why); }

  private:
    DecoderInput input_;
    std::string_view format_;
    uint64_t left_;
    uint64_t max_output_;
    bool complete_ = false;  ///< at the boundary behind a stream
};

std::unique_ptr<Decoder> make_gzip_decoder(ByteSource& source, uint64_t max_output);
std::unique_ptr<Decoder> make_zstd_decoder(ByteSource& source, uint64_t max_output);
std::unique_ptr<Decoder> make_xz_decoder(ByteSource& source, uint64_t max_output);
std::unique_ptr<Decoder> make_bzip2_decoder(ByteSource& source, uint64_t max_output);

}  // namespace rpod::image
