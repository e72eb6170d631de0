// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <bzlib.h>

#include <algorithm>
#include <climits>

#include "image/decoder.hh"

namespace rpod::image {
namespace {

/// bzip2 streams, one behind the other (pbzip2 writes many).
class Bzip2Decoder : public Decoder {
  public:
    Bzip2Decoder(ByteSource& source, uint64_t max_output) : Decoder(source, "bzip2", max_output) { start(); }
    ~Bzip2Decoder() override { BZ2_bzDecompressEnd(&bz_); }

  private:
    void start() {
        bz_ = {};
        if (BZ2_bzDecompressInit(&bz_, 0, 0) != BZ_OK) fail("cannot start");
    }

    Step step(std::span<const char> in, std::span<char> out, bool) override {
        bz_.next_in = const_cast<char*>(in.data());
        bz_.avail_in = static_cast<unsigned>(std::min<size_t>(in.size(), UINT_MAX));
        bz_.next_out = out.data();
        bz_.avail_out = static_cast<unsigned>(std::min<size_t>(out.size(), UINT_MAX));
        const unsigned in_size = bz_.avail_in;
        const unsigned out_size = bz_.avail_out;
        const int rc = BZ2_bzDecompress(&bz_);
        const Step done{.consumed = static_cast<ptrdiff_t>(in_size - bz_.avail_in),
                        .produced = out_size - bz_.avail_out,
                        .ended = rc == BZ_STREAM_END};
        if (rc == BZ_DATA_ERROR_MAGIC) fail("something else than bzip2 data in it");
        if (rc != BZ_OK && rc != BZ_STREAM_END) fail("it is corrupt");
        if (done.ended) {
            BZ2_bzDecompressEnd(&bz_);
            start();
        }
        return done;
    }

    bz_stream bz_{};
};

}  // namespace

std::unique_ptr<Decoder> make_bzip2_decoder(ByteSource& source, uint64_t max_output) {
    return std::make_unique<Bzip2Decoder>(source, max_output);
}

}  // namespace rpod::image
