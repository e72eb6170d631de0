// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>

#include "base/error.hh"
#include "image/byte_source.hh"
#include "image/sha256.hh"
#include "oci/digest.hh"

namespace rpod::image {

/// Passes bytes on and, at their end, throws where they were others than announced. It must be read to its
/// end.
class VerifyingSource : public ByteSource {
  public:
    /// @param what  names it in errors
    VerifyingSource(ByteSource& source, const oci::Digest& digest, std::optional<uint64_t> size,
                    std::string what)
        : source_(source), digest_(digest), size_(size), what_(std::move(what)) {}

    size_t read(std::span<char> into) override {
        const size_t n = source_.read(into);
        done_ += n;
        if (size_ && (done_ > *size_ || (n == 0 && done_ < *size_))) {
            throw Error("{} has {} {} bytes", what_, done_ > *size_ ? "more than" : "less than", *size_);
        }
        if (n > 0) hash_.update(std::span<const char>(into.data(), n));
        // What is read by its size is not read until it says that it has ended.
        if (!ended_ && (n == 0 || (size_ && done_ == *size_))) {
            ended_ = true;
            if (const auto found = hash_.finish(); found != digest_)
                throw Error("{} has the digest {}", what_, found.str());
        }
        return n;
    }

  private:
    ByteSource& source_;
    oci::Digest digest_;
    std::optional<uint64_t> size_;
    std::string what_;
    Sha256 hash_;
    uint64_t done_ = 0;
    bool ended_ = false;
};

}  // namespace rpod::image
