// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "oci/digest.hh"

namespace rpod::image {

/// SHA-256 of bytes that come piece by piece (libcrypto uses the CPU's SHA instructions).
class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void update(std::span<const char> bytes);
    void update(std::string_view text) { update(std::span(text.data(), text.size())); }
    /// The digest of all that was given; ends the use of this object.
    oci::Digest finish();

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

/// The digest of a text that is there as a whole: a manifest, a configuration.
oci::Digest sha256(std::string_view text);

}  // namespace rpod::image
