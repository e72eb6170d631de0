// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/compress.hh"

#include <algorithm>
#include <cstring>

#include "image/decoder.hh"

namespace rpod::image {
namespace {

using namespace std::string_view_literals;

/// The source as it is, bounded.
class PlainSource : public ByteSource {
  public:
    PlainSource(ByteSource& source, uint64_t max_output) : source_(source), left_(max_output) {}
    size_t read(std::span<char> into) override {
        const size_t n = source_.read(into);
        account(n);
        return n;
    }
    uint64_t skip(uint64_t n) override {
        const uint64_t passed = source_.skip(n);
        account(passed);
        return passed;
    }

  private:
    void account(uint64_t n) {
        if (n > left_) throw Error("the archive is larger than allowed");
        left_ -= n;
    }
    ByteSource& source_;
    uint64_t left_;
};

}  // namespace

std::string_view to_string(Compression compression) {
    switch (compression) {
        case Compression::none:
            return "none";
        case Compression::gzip:
            return "gzip";
        case Compression::zstd:
            return "zstd";
        case Compression::xz:
            return "xz";
        case Compression::bzip2:
            return "bzip2";
    }
    return "none";
}

Compression detect_compression(std::string_view start) {
    if (start.starts_with("\x1f\x8b"sv)) return Compression::gzip;
    if (start.starts_with("\x28\xb5\x2f\xfd"sv)) return Compression::zstd;
    // A skippable frame may come first (pzstd, seekable formats).
    if (start.size() >= 4 && (start[0] & 0xf0) == 0x50 && start.substr(1, 3) == "\x2a\x4d\x18"sv)
        return Compression::zstd;
    if (start.starts_with("\xfd\x37\x7a\x58\x5a\0"sv)) return Compression::xz;
    if (start.starts_with("BZh"sv) && start.size() >= 4 && start[3] >= '1' && start[3] <= '9')
        return Compression::bzip2;
    return Compression::none;
}

std::unique_ptr<ByteSource> open_decompressor(ByteSource& source, Compression compression,
                                              uint64_t max_output) {
    switch (compression) {
        case Compression::none:
            break;
        case Compression::gzip:
            return make_gzip_decoder(source, max_output);
        case Compression::zstd:
            return make_zstd_decoder(source, max_output);
        case Compression::xz:
            return make_xz_decoder(source, max_output);
        case Compression::bzip2:
            return make_bzip2_decoder(source, max_output);
    }
    return std::make_unique<PlainSource>(source, max_output);
}

PeekSource::PeekSource(ByteSource& source, size_t size) : source_(source), start_(size, '\0') {
    start_.resize(read_fully(source, start_));
}

size_t PeekSource::read(std::span<char> into) {
    if (given_ == start_.size()) return source_.read(into);
    const size_t n = start_.copy(into.data(), into.size(), given_);
    given_ += n;
    return n;
}

bool DecoderInput::fill() {
    if (begin_ < end_) return true;
    // The last bytes stay in front of the next ones, for a decoder that had read ahead.
    const size_t keep = std::min(kHeadroom, end_);
    std::memmove(buffer_.get() + kHeadroom - keep, buffer_.get() + end_ - keep, keep);
    begin_ = kHeadroom;
    end_ = kHeadroom + source_.read({buffer_.get() + kHeadroom, kSize});
    return begin_ < end_;
}

size_t Decoder::read(std::span<char> into) {
    for (;;) {
        const bool last = !input_.fill();
        if (last && complete_) return 0;
        const Step done = step(input_.bytes(), into, last);
        if (done.consumed == 0 && done.produced == 0 && !done.ended && !done.advanced) {
            // Whatever the library thinks: without progress there is no more to come.
            fail(last ? "it is truncated" : "it is corrupt");
        }
        input_.consume(done.consumed);
        complete_ = done.ended;
        if (done.produced > left_) fail(fmt::format("it gives more than the {} bytes allowed", max_output_));
        left_ -= done.produced;
        if (done.produced > 0) return done.produced;
    }
}

}  // namespace rpod::image
