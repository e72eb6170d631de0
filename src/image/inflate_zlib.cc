// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <zlib.h>

#include <algorithm>
#include <climits>

#include "base/error.hh"
#include "image/inflate.hh"

namespace rpod::image {

struct Inflater::State {
    z_stream zlib{};
    ~State() { inflateEnd(&zlib); }
};

Inflater::Inflater() : state_(std::make_unique<State>()) {
    // Negative window bits: no zlib or gzip header.
    if (inflateInit2(&state_->zlib, -MAX_WBITS) != Z_OK) throw Error("cannot start zlib");
}

Inflater::~Inflater() = default;

void Inflater::reset() { inflateReset(&state_->zlib); }

Inflater::Step Inflater::step(std::span<const char> in, std::span<char> out) {
    z_stream& zlib = state_->zlib;
    const auto in_size = static_cast<uInt>(std::min<size_t>(in.size(), UINT_MAX));
    const auto out_size = static_cast<uInt>(std::min<size_t>(out.size(), UINT_MAX));
    zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    zlib.avail_in = in_size;
    zlib.next_out = reinterpret_cast<Bytef*>(out.data());
    zlib.avail_out = out_size;
    const int rc = ::inflate(&zlib, Z_NO_FLUSH);
    // Z_BUF_ERROR says no more than that there was no progress.
    if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) {
        throw Error("gzip stream: the compressed data are corrupt ({})",
                    zlib.msg ? zlib.msg : "no reason given");
    }
    return {.consumed = static_cast<ptrdiff_t>(in_size - zlib.avail_in),
            .produced = out_size - zlib.avail_out,
            .ended = rc == Z_STREAM_END};
}

uint32_t Inflater::crc32(uint32_t crc, std::span<const char> bytes) {
    return static_cast<uint32_t>(::crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace rpod::image
