// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "registry/http.hh"

namespace rpod::registry {

/// An answer that is no success.
class ServerError : public Error {
  public:
    ServerError(int status, std::string code, std::optional<long> retry_after, const std::string& message)
        : Error(message), status_(status), code_(std::move(code)), retry_after_(retry_after) {}
    int status() const noexcept { return status_; }
    /// "MANIFEST_UNKNOWN"; empty where the body has none.
    const std::string& code() const noexcept { return code_; }
    /// Seconds, where the server says so.
    std::optional<long> retry_after() const noexcept { return retry_after_; }
    bool transient() const noexcept { return status_ == 429 || status_ == 408 || status_ >= 500; }

  private:
    int status_;
    std::string code_;
    std::optional<long> retry_after_;
};

/// What the server says for itself, in one line: the first of the "errors" of a registry, an OAuth2 "error",
/// or the status. Foreign text: bounded, printable.
std::string server_reason(int status, std::string_view body);

/// @param step  what was attempted
[[noreturn]] void throw_server_error(const std::string& step, const HttpHead& head, std::string_view body);

}  // namespace rpod::registry
