// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// Every stream ends, in an error or in the same bytes however it is cut into pieces.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.hh"
#include "image/compress.hh"

namespace {

using namespace rpod::image;

struct Stepping : ByteSource {
    Stepping(std::string_view bytes, size_t most) : rest(bytes), step(most) {}
    size_t read(std::span<char> into) override {
        const size_t n = rest.copy(into.data(), std::min(into.size(), step));
        rest.remove_prefix(n);
        return n;
    }
    std::string_view rest;
    size_t step;
};

constexpr uint64_t kMaxOutput = 64 << 10;

/// "" for an error: which one may depend on the pieces.
std::string decompress(std::string_view bytes, size_t in_step, size_t out_step) {
    Stepping source(bytes, in_step);
    PeekSource peek(source);
    const auto decoder = open_decompressor(peek, detect_compression(peek.start()), kMaxOutput);
    std::string out = "ok ";
    std::string buffer(out_step, '\0');
    try {
        while (const size_t n = decoder->read(buffer)) out.append(buffer, 0, n);
    } catch (const rpod::Error&) {
        return "";
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (detect_compression(bytes) == Compression::none) return -1;
    const std::string whole = decompress(bytes, SIZE_MAX, 1 << 16);
    if (decompress(bytes, 13, 5000) != whole) std::abort();
    return 0;
}
