// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include <algorithm>

#include "base/error.hh"
#include "image/inflate.hh"

namespace rpod::image {

struct Inflater::State {
    inflate_state isal;
};

Inflater::Inflater() : state_(std::make_unique<State>()) { isal_inflate_init(&state_->isal); }

Inflater::~Inflater() = default;

void Inflater::reset() { isal_inflate_reset(&state_->isal); }

Inflater::Step Inflater::step(std::span<const char> in, std::span<char> out) {
    inflate_state& isal = state_->isal;
    const auto in_size = static_cast<uint32_t>(std::min<size_t>(in.size(), UINT32_MAX));
    const auto out_size = static_cast<uint32_t>(std::min<size_t>(out.size(), UINT32_MAX));
    // The library takes its input as not const, and does not write to it.
    isal.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(in.data()));
    isal.avail_in = in_size;
    isal.next_out = reinterpret_cast<uint8_t*>(out.data());
    isal.avail_out = out_size;
    const int rc = isal_inflate(&isal);
    if (rc != ISAL_DECOMP_OK) throw Error("gzip stream: the compressed data are corrupt ({})", rc);

    Step done{.consumed = static_cast<ptrdiff_t>(in_size - isal.avail_in),
              .produced = out_size - isal.avail_out,
              .ended = isal.block_state == ISAL_BLOCK_FINISH};
    // It reads ahead into a register of 64 bits.
    if (done.ended) done.consumed -= isal.read_in_length / 8;
    return done;
}

uint32_t Inflater::crc32(uint32_t crc, std::span<const char> bytes) {
    return crc32_gzip_refl(crc, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

}  // namespace rpod::image
