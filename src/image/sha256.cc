// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/sha256.hh"

// The digest's own functions, not EVP: EVP's first use sets up all providers and algorithms of libcrypto (6
// million instructions, a third of what a start of rpod took) and pulls most of libcrypto into the program,
// whose 16,000 relocations every process of ours would pay for. The code that hashes is the same.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

namespace rpod::image {

struct Sha256::Context {
    SHA256_CTX state;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) { SHA256_Init(&context_->state); }

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const char> bytes) {
    SHA256_Update(&context_->state, bytes.data(), bytes.size());
}

oci::Digest Sha256::finish() {
    oci::Digest::Bytes bytes{};
    SHA256_Final(bytes.data(), &context_->state);
    return oci::Digest(bytes);
}

oci::Digest sha256(std::string_view text) {
    Sha256 hash;
    hash.update(text);
    return hash.finish();
}

}  // namespace rpod::image
