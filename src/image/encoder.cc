// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/encoder.hh"

#include <zlib.h>
#include <zstd.h>

#include <vector>

#include "base/error.hh"

namespace rpod::image {
namespace {

constexpr size_t kInput = 256 << 10;

int checked_level(std::string_view format, std::optional<int> level, int standard, int min, int max) {
    const int wanted = level.value_or(standard);
    if (wanted < min || wanted > max) {
        throw Error("compression level {}: {} has {} to {}", wanted, format, min, max);
    }
    return wanted;
}

class PlainCopy : public ByteSource {
  public:
    explicit PlainCopy(ByteSource& source) : source_(source) {}
    size_t read(std::span<char> into) override { return source_.read(into); }

  private:
    ByteSource& source_;
};

class GzipEncoder : public ByteSource {
  public:
    GzipEncoder(ByteSource& source, int level) : source_(source), input_(kInput) {
        constexpr int kGzipHeader = 16;
        if (::deflateInit2(&stream_, level, Z_DEFLATED, MAX_WBITS + kGzipHeader, 8, Z_DEFAULT_STRATEGY) !=
            Z_OK) {
            throw Error("gzip: out of memory");
        }
    }
    GzipEncoder(const GzipEncoder&) = delete;
    GzipEncoder& operator=(const GzipEncoder&) = delete;
    ~GzipEncoder() override { ::deflateEnd(&stream_); }

    size_t read(std::span<char> into) override {
        stream_.next_out = reinterpret_cast<Bytef*>(into.data());
        stream_.avail_out = static_cast<uInt>(into.size());
        while (!ended_ && stream_.avail_out == into.size()) {
            if (stream_.avail_in == 0 && !last_) {
                const size_t n = source_.read(input_);
                last_ = n == 0;
                stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
                stream_.avail_in = static_cast<uInt>(n);
            }
            const int rc = ::deflate(&stream_, last_ ? Z_FINISH : Z_NO_FLUSH);
            if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) throw Error("gzip: error {}", rc);
            ended_ = rc == Z_STREAM_END;
        }
        return into.size() - stream_.avail_out;
    }

  private:
    ByteSource& source_;
    std::vector<char> input_;
    z_stream stream_{};
    bool last_ = false;
    bool ended_ = false;
};

class ZstdEncoder : public ByteSource {
  public:
    ZstdEncoder(ByteSource& source, int level)
        : source_(source), buffer_(kInput), context_(::ZSTD_createCCtx()) {
        if (!context_) throw Error("zstd: out of memory");
        check(::ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level));
    }

    size_t read(std::span<char> into) override {
        ZSTD_outBuffer out{.dst = into.data(), .size = into.size(), .pos = 0};
        while (!ended_ && out.pos == 0) {
            if (input_.pos == input_.size && !last_) {
                const size_t n = source_.read(buffer_);
                last_ = n == 0;
                input_ = {.src = buffer_.data(), .size = n, .pos = 0};
            }
            const size_t left = check(
                ::ZSTD_compressStream2(context_.get(), &out, &input_, last_ ? ZSTD_e_end : ZSTD_e_continue));
            ended_ = last_ && left == 0;
        }
        return out.pos;
    }

  private:
    static size_t check(size_t rc) {
        if (::ZSTD_isError(rc)) throw Error("zstd: {}", ::ZSTD_getErrorName(rc));
        return rc;
    }
    struct Free {
        void operator()(ZSTD_CCtx* context) const { ::ZSTD_freeCCtx(context); }
    };
    ByteSource& source_;
    std::vector<char> buffer_;
    ZSTD_inBuffer input_{};
    std::unique_ptr<ZSTD_CCtx, Free> context_;
    bool last_ = false;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> open_compressor(ByteSource& source, Compression compression,
                                            std::optional<int> level) {
    switch (compression) {
        case Compression::none:
            return std::make_unique<PlainCopy>(source);
        case Compression::gzip:
            return std::make_unique<GzipEncoder>(source, checked_level("gzip", level, 6, 0, 9));
        case Compression::zstd:
            return std::make_unique<ZstdEncoder>(source, checked_level("zstd", level, 3, 1, 20));
        case Compression::xz:
        case Compression::bzip2:
            break;
    }
    throw Error("layers are not written as {}", to_string(compression));
}

}  // namespace rpod::image
