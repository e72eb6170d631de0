// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/sha256.hh"

#include <openssl/evp.h>

#include "base/error.hh"

namespace rpod::image {

struct Sha256::Context {
    EVP_MD_CTX* md = EVP_MD_CTX_new();
    Context() = default;
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() { EVP_MD_CTX_free(md); }
};

namespace {

/// libcrypto's calls give 1 for success. They fail only without memory, or where a FIPS policy takes SHA-256
/// away.
void require(int rc) {
    if (rc != 1) throw Error("SHA-256 is not available in libcrypto");
}

}  // namespace

Sha256::Sha256() : context_(std::make_unique<Context>()) {
    require(context_->md && EVP_DigestInit_ex(context_->md, EVP_sha256(), nullptr));
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const char> bytes) {
    require(EVP_DigestUpdate(context_->md, bytes.data(), bytes.size()));
}

oci::Digest Sha256::finish() {
    oci::Digest::Bytes bytes{};
    require(EVP_DigestFinal_ex(context_->md, bytes.data(), nullptr));
    return oci::Digest(bytes);
}

oci::Digest sha256(std::string_view text) {
    Sha256 hash;
    hash.update(text);
    return hash.finish();
}

}  // namespace rpod::image
