// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hh"
#include "registry/url.hh"

namespace rpod::registry {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// How servers are trusted, and how long they are waited for.
struct HttpOptions {
    bool verify_tls = true;
    std::vector<std::string> ca_files{};  ///< PEM, besides the system's
    std::string client_cert{};            ///< PEM files; empty: none
    std::string client_key{};
    long connect_seconds = 20;
    /// A transfer that brings less than 64 bytes a second for so long is given up.
    long stall_seconds = 30;
};

struct HttpRequest {
    std::string method = "GET";
    Url url;
    Headers headers{};
    std::string body{};
    /// A body that comes piece by piece instead: fills the front of the buffer, 0 at the end.
    std::function<size_t(std::span<char>)> upload{};
    uint64_t upload_size = 0;
    bool show_certificate = true;  ///< the client's, which is the registry's business alone
};

/// The status line and the header lines of an answer.
struct HttpHead {
    int status = 0;
    Headers headers;  ///< names in lower case
    /// The first of that name; nothing where there is none.
    std::optional<std::string> find(std::string_view name) const;
    std::vector<std::string> all(std::string_view name) const;
};

/// What kept an answer from coming, or from coming to its end.
enum class HttpProblem { resolve, refused, unreachable, timeout, tls, not_tls, cut, other };

class HttpError : public Error {
  public:
    HttpError(HttpProblem problem, const std::string& message) : Error(message), problem_(problem) {}
    HttpProblem problem() const noexcept { return problem_; }
    /// Whether the same request may well succeed a moment later.
    bool transient() const noexcept {
        return problem_ == HttpProblem::timeout || problem_ == HttpProblem::cut;
    }

  private:
    HttpProblem problem_;
};

/// An answer whose head has come; the body is read piece by piece, and no faster than it is asked for. One
/// thread uses it.
class HttpExchange {
  public:
    virtual ~HttpExchange() = default;
    virtual const HttpHead& head() const = 0;
    /// Fills the front of `into` with at least one byte; 0 at the end. @throws HttpError
    virtual size_t read(std::span<char> into) = 0;
    /// The rest of the body. @throws Error where it is larger
    std::string read_all(size_t max_bytes);
};

/// Makes requests; connections are kept for the next one. Several threads may use it. It follows no redirect
/// and knows no credentials: the caller decides who gets them.
class Http {
  public:
    explicit Http(HttpOptions options);
    ~Http();
    /// Returns when the head has come. @throws HttpError
    std::unique_ptr<HttpExchange> open(const HttpRequest& request);

  private:
    struct Pool;
    class Exchange;
    std::shared_ptr<Pool> pool_;
};

}  // namespace rpod::registry
