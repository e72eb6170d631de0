// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <zstd.h>

#include "image/decoder.hh"

namespace rpod::image {
namespace {

/// Zstandard frames and skippable frames (RFC 8878).
class ZstdDecoder : public Decoder {
  public:
    ZstdDecoder(ByteSource& source, uint64_t max_output)
        : Decoder(source, "zstd", max_output), stream_(ZSTD_createDStream()) {
        // What zstd -d itself takes without --long, and more than any level writes: 128 MiB.
        if (!stream_ || ZSTD_isError(ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, 27)))
            fail("cannot start");
    }

  private:
    Step step(std::span<const char> in, std::span<char> out, bool) override {
        ZSTD_inBuffer from{in.data(), in.size(), 0};
        ZSTD_outBuffer to{out.data(), out.size(), 0};
        const size_t rc = ZSTD_decompressStream(stream_.get(), &to, &from);
        if (ZSTD_isError(rc)) fail(ZSTD_getErrorName(rc));
        // 0: a frame is complete and all of its output has been given.
        return {.consumed = static_cast<ptrdiff_t>(from.pos),
                .produced = to.pos,
                .ended = rc == 0 && from.pos + to.pos > 0};
    }

    struct Free {
        void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
    };
    std::unique_ptr<ZSTD_DStream, Free> stream_;
};

}  // namespace

std::unique_ptr<Decoder> make_zstd_decoder(ByteSource& source, uint64_t max_output) {
    return std::make_unique<ZstdDecoder>(source, max_output);
}

}  // namespace rpod::image
