// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <lzma.h>

#include "image/decoder.hh"

namespace rpod::image {
namespace {

constexpr uint64_t kMaxMemory = 256 << 20;  // xz -9 takes 65 MiB

/// .xz streams with padding between them.
class XzDecoder : public Decoder {
  public:
    XzDecoder(ByteSource& source, uint64_t max_output) : Decoder(source, "xz", max_output) {
        if (lzma_stream_decoder(&lzma_, kMaxMemory, LZMA_CONCATENATED) != LZMA_OK) fail("cannot start");
    }
    ~XzDecoder() override { lzma_end(&lzma_); }

  private:
    Step step(std::span<const char> in, std::span<char> out, bool last) override {
        lzma_.next_in = reinterpret_cast<const uint8_t*>(in.data());
        lzma_.avail_in = in.size();
        lzma_.next_out = reinterpret_cast<uint8_t*>(out.data());
        lzma_.avail_out = out.size();
        const lzma_ret rc = lzma_code(&lzma_, last ? LZMA_FINISH : LZMA_RUN);
        const Step done{.consumed = static_cast<ptrdiff_t>(in.size() - lzma_.avail_in),
                        .produced = out.size() - lzma_.avail_out,
                        .ended = rc == LZMA_STREAM_END};
        switch (rc) {
            case LZMA_OK:
            case LZMA_STREAM_END:
            case LZMA_BUF_ERROR:
                return done;  // no progress
            case LZMA_MEM_ERROR:
                fail("out of memory");
            case LZMA_MEMLIMIT_ERROR:
                fail("it needs more than 256 MiB to decompress");
            case LZMA_OPTIONS_ERROR:
                fail("it uses an unknown filter or option");
            default:
                fail("it is corrupt");
        }
    }

    lzma_stream lzma_ = LZMA_STREAM_INIT;
};

}  // namespace

std::unique_ptr<Decoder> make_xz_decoder(ByteSource& source, uint64_t max_output) {
    return std::make_unique<XzDecoder>(source, max_output);
}

}  // namespace rpod::image
