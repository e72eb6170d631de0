// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// The bearer protocol: distribution's docs/spec/auth/token.md and oauth.md.
#include "registry/authorizer.hh"

#include <algorithm>

#include "base/base64.hh"
#include "base/json.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "registry/server_error.hh"

namespace rpod::registry {
namespace {

constexpr size_t kMaxTokenAnswer = 1 << 20;
constexpr int64_t kDefaultLifetime = 60;  // seconds; what the specification says
constexpr int64_t kMaxLifetime = 24 * 3600;
/// A token that is about to expire would do so on its way.
constexpr int64_t kMargin = 5;

const Challenge* find_scheme(const std::vector<Challenge>& challenges, std::string_view scheme) {
    const auto it = std::find_if(challenges.begin(), challenges.end(),
                                 [&](const Challenge& challenge) { return challenge.scheme == scheme; });
    return it == challenges.end() ? nullptr : &*it;
}

std::vector<Challenge> challenges_of(const HttpHead& head) {
    std::vector<Challenge> out;
    for (const auto& line : head.all("www-authenticate")) {
        for (auto& challenge : parse_challenges(line)) out.push_back(std::move(challenge));
    }
    return out;
}

std::string query(const Headers& pairs) {
    std::string out;
    for (const auto& [name, value] : pairs) {
        if (value.empty()) continue;
        out += (out.empty() ? "" : "&") + name + "=" + percent_encode(value);
    }
    return out;
}

}  // namespace

std::string Authorizer::basic() const {
    return "Basic " + base64_encode(credential_->user + ":" + credential_->password);
}

std::string Authorizer::header(const std::string& scope) {
    const std::lock_guard guard(mutex_);
    if (use_basic_) return basic();
    const auto it = tokens_.find(scope);
    if (it == tokens_.end() || it->second.expires < std::chrono::steady_clock::now()) return {};
    return it->second.header;
}

void Authorizer::answer(const HttpHead& refusal, const std::string& scope, const std::string& used) {
    const std::lock_guard guard(mutex_);
    // Another thread was faster.
    if (const auto it = tokens_.find(scope); it != tokens_.end() && it->second.header != used) return;
    const auto challenges = challenges_of(refusal);
    if (const auto* bearer = find_scheme(challenges, "bearer")) {
        tokens_.insert_or_assign(scope, fetch_token(*bearer, scope));
        return;
    }
    if (find_scheme(challenges, "basic")) {
        if (!credential_ || credential_->user.empty())
            throw Unauthorized("unauthorized: authentication required");
        if (used == basic()) throw Unauthorized("unauthorized: invalid username/password");
        use_basic_ = true;
        return;
    }
    throw Unauthorized(challenges.empty()
                           ? "unauthorized: the registry does not say how to authenticate"
                           : fmt::format("unauthorized: the registry wants authentication by '{}', "
                                         "which is not supported",
                                         printable(challenges.front().scheme)));
}

HttpRequest Authorizer::token_request(const Url& realm, const Challenge& challenge,
                                      const std::string& scope) const {
    HttpRequest request{.url = realm};
    request.show_certificate = false;
    const std::string wanted = scope.empty() ? challenge.param("scope") : scope;
    if (credential_ && !credential_->identity_token.empty()) {
        request.method = "POST";
        request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
        request.body = query({{"grant_type", "refresh_token"},
                              {"refresh_token", credential_->identity_token},
                              {"service", challenge.param("service")},
                              {"client_id", "rpod"},
                              {"scope", wanted}});
        return request;
    }
    Headers pairs{{"account", credential_ ? credential_->user : std::string()},
                  {"service", challenge.param("service")}};
    for (const auto scope_part : split(wanted, ' ')) pairs.emplace_back("scope", scope_part);
    const std::string asked = query(pairs);
    const bool has_query = realm.target.find('?') != std::string::npos;
    if (!asked.empty()) request.url.target += (has_query ? "&" : "?") + asked;
    if (credential_) request.headers.emplace_back("Authorization", basic());
    return request;
}

Authorizer::Token Authorizer::fetch_token(const Challenge& challenge, const std::string& scope) {
    const auto realm = Url::parse(challenge.param("realm"));
    if (!realm) throw Unauthorized("unauthorized: the registry names no token server");
    // Whoever listens on the way would have the password.
    if (realm->scheme == "http" && !insecure_) {
        throw Unauthorized(
            fmt::format("the token server '{}' would be asked in clear text", realm->without_query()));
    }
    const auto exchange = http_.open(token_request(*realm, challenge, scope));
    const std::string where = fmt::format("token server '{}'", realm->without_query());
    const std::string text = exchange->read_all(kMaxTokenAnswer);
    const int status = exchange->head().status;
    if (status == 401 || (status == 400 && credential_) || status == 403) {
        const std::string reason = server_reason(status, text);
        throw Unauthorized(
            credential_ ? fmt::format("unauthorized: {}: invalid username/password ({})", where, reason)
                        : fmt::format("unauthorized: {}: {}", where, reason));
    }
    if (status != 200) throw_server_error(where, exchange->head(), text);
    const auto answer =
        json::Value::parse(text, where, json::Limits{.max_bytes = kMaxTokenAnswer, .max_depth = 8});
    std::string token = answer.string_or("token");
    if (token.empty()) token = answer.string_or("access_token");
    if (token.empty()) throw Error("{}: its answer holds no token", where);
    const auto lifetime =
        std::clamp<int64_t>(answer.int_or("expires_in", kDefaultLifetime), kDefaultLifetime, kMaxLifetime);
    return Token{.header = "Bearer " + token,
                 .expires = std::chrono::steady_clock::now() + std::chrono::seconds(lifetime - kMargin)};
}

}  // namespace rpod::registry
