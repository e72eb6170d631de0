// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/log_text.hh"

#include <algorithm>
#include <cstdint>

#include "base/error.hh"

namespace rpod::container {
namespace {

/// The length that a first byte announces; 0 for a byte that begins no character.
size_t announced_length(uint8_t first) {
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first < 0xe0) return 2;
    if (first >= 0xe0 && first < 0xf0) return 3;
    if (first >= 0xf0 && first < 0xf5) return 4;
    return 0;
}

/// Second bytes are bounded further: no overlong form, no surrogate, nothing above U+10FFFF.
bool is_second(uint8_t first, uint8_t second) {
    uint8_t low = 0x80, high = 0xbf;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
    return second >= low && second <= high;
}

/// The length of the character at the front; 0 where there is none.
size_t character_length(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
    const size_t length = announced_length(byte(0));
    if (length <= 1) return length;
    if (length > text.size() || !is_second(byte(0), byte(1))) return 0;
    for (size_t i = 2; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
    }
    return length;
}

void append_ascii(std::string& out, char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            if (static_cast<uint8_t>(c) < 0x20) {
                out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
            } else {
                out += c;
            }
    }
}

}  // namespace

size_t incomplete_utf8_tail(std::string_view data) {
    for (size_t tail = 1; tail <= std::min<size_t>(3, data.size()); ++tail) {
        const auto byte = static_cast<uint8_t>(data[data.size() - tail]);
        if ((byte & 0xc0) == 0x80) continue;
        return announced_length(byte) > tail ? tail : 0;
    }
    return 0;
}

void append_json_text(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const size_t length = character_length(text);
        if (length == 1) {
            append_ascii(out, text[0]);
        } else if (length == 0) {
            out += "\\ufffd";
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(std::max<size_t>(length, 1));
    }
}

}  // namespace rpod::container
