// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace rpod::oci {

/// A content digest, "sha256:" and 64 lower-case hex digits (OCI image-spec, descriptor.md). Foreign text
/// becomes one only through parse(), so a Digest can name a file: it holds no '/', no '.', nothing but those
/// digits. There is no empty Digest; what may lack one is an std::optional. Other algorithms, which the
/// specification permits, are refused.
class Digest {
  public:
    static constexpr size_t kBytes = 32;
    using Bytes = std::array<uint8_t, kBytes>;

    /// From the result of the hash function.
    explicit Digest(const Bytes& bytes) noexcept : bytes_(bytes) {}
    /// @throws Error that quotes the text
    static Digest parse(std::string_view text);
    /// Nothing where text is not a digest.
    static std::optional<Digest> try_parse(std::string_view text);
    /// From the 64 hex digits alone: a name in blobs/sha256. Nothing where they are not that.
    static std::optional<Digest> from_hex(std::string_view hex);

    std::string str() const;        ///< "sha256:…"
    std::string hex() const;        ///< the 64 digits: the file name in blobs/sha256
    std::string short_hex() const;  ///< the first 12, as `images` shows them
    const Bytes& bytes() const noexcept { return bytes_; }

    friend bool operator==(const Digest&, const Digest&) = default;
    friend std::strong_ordering operator<=>(const Digest&, const Digest&) = default;

  private:
    Bytes bytes_;
};

}  // namespace rpod::oci

template <>
struct std::hash<rpod::oci::Digest> {
    size_t operator()(const rpod::oci::Digest& digest) const noexcept;
};
