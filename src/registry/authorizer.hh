// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "registry/challenge.hh"
#include "registry/credentials.hh"
#include "registry/http.hh"

namespace rpod::registry {

/// A registry refuses, and no credential helps. `status` is 401 or 403.
class Unauthorized : public Error {
  public:
    explicit Unauthorized(const std::string& message) : Error(message) {}
};

/// Answers one registry's challenges: basic, or bearer with tokens that a token server gives for a scope
/// ("repository:library/debian:pull") and that are kept until they expire. Several threads may use it.
class Authorizer {
  public:
    /// @param http      borrowed; also reaches the token server
    /// @param insecure  a token server may be asked in clear text
    Authorizer(Http& http, std::optional<Credential> credential, bool insecure)
        : http_(http), credential_(std::move(credential)), insecure_(insecure) {}

    /// The Authorization header for a request of that scope; empty: none.
    std::string header(const std::string& scope);
    /// The registry answered 401 to a request with the header `used`: makes what header() gives from now on.
    /// @throws Unauthorized where there is nothing else to try; HttpError
    void answer(const HttpHead& refusal, const std::string& scope, const std::string& used);

    const std::optional<Credential>& credential() const noexcept { return credential_; }

  private:
    struct Token {
        std::string header;
        std::chrono::steady_clock::time_point expires;
    };
    std::string basic() const;
    Token fetch_token(const Challenge& challenge, const std::string& scope);
    HttpRequest token_request(const Url& realm, const Challenge& challenge, const std::string& scope) const;

    Http& http_;
    const std::optional<Credential> credential_;
    const bool insecure_;
    std::mutex mutex_;
    bool use_basic_ = false;
    std::map<std::string, Token> tokens_;  ///< by scope
};

}  // namespace rpod::registry
