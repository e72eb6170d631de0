// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "oci/digest.hh"

#include <cstring>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::oci {
namespace {

constexpr std::string_view kAlgorithm = "sha256:";

/// The value of a lower-case hex digit, or -1. Upper case is refused: one digest has one name.
int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

/// Foreign text in an error message: what makes sense of it fits in a line.
std::string excerpt(std::string_view text) {
    constexpr size_t limit = 100;
    return text.size() <= limit ? printable(text) : printable(text.substr(0, limit)) + "…";
}

}  // namespace

std::optional<Digest> Digest::from_hex(std::string_view hex) {
    if (hex.size() != 2 * kBytes) return std::nullopt;
    Bytes bytes{};
    for (size_t i = 0; i < kBytes; ++i) {
        const int high = hex_value(hex[2 * i]);
        const int low = hex_value(hex[2 * i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        bytes[i] = static_cast<uint8_t>(high << 4 | low);
    }
    return Digest(bytes);
}

std::optional<Digest> Digest::try_parse(std::string_view text) {
    if (!text.starts_with(kAlgorithm)) return std::nullopt;
    return from_hex(text.substr(kAlgorithm.size()));
}

Digest Digest::parse(std::string_view text) {
    if (const auto digest = try_parse(text)) return *digest;
    throw Error("invalid digest '{}': expected 'sha256:' and 64 lower-case hex digits", excerpt(text));
}

std::string Digest::str() const { return std::string(kAlgorithm) + hex(); }

std::string Digest::hex() const { return to_hex(bytes_.data(), bytes_.size()); }

std::string Digest::short_hex() const { return to_hex(bytes_.data(), 6); }

}  // namespace rpod::oci

size_t std::hash<rpod::oci::Digest>::operator()(const rpod::oci::Digest& digest) const noexcept {
    // The bytes are uniformly distributed already.
    size_t value = 0;
    std::memcpy(&value, digest.bytes().data(), sizeof value);
    return value;
}
