// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
//     {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown", "detail": {…}}]}
#include "registry/server_error.hh"

#include <algorithm>

#include "base/json.hh"
#include "base/strings.hh"

namespace rpod::registry {
namespace {

constexpr size_t kMaxReason = 300;

struct Reason {
    std::string code;
    std::string message;
};

std::string text_at(const json::Value& object, std::string_view key) {
    const auto value = object.find(key);
    return value && value->is_string() ? value->as_string() : std::string();
}

std::optional<Reason> read_reason(std::string_view body) {
    try {
        const auto root =
            json::Value::parse(body, "answer", json::Limits{.max_bytes = 1 << 20, .max_depth = 32});
        if (!root.is_object()) return std::nullopt;
        if (const auto errors = root.find("errors"); errors && errors->is_array() && errors->count() > 0) {
            const auto first = errors->elements().front();
            return Reason{.code = text_at(first, "code"), .message = text_at(first, "message")};
        }
        // OAuth2 (RFC 6749, 5.2); docker's old registries; GitHub.
        for (const char* key : {"error_description", "details", "message", "error"}) {
            if (auto text = text_at(root, key); !text.empty()) return Reason{.code = {}, .message = text};
        }
    } catch (const Error&) {
        // A proxy's page.
    }
    return std::nullopt;
}

std::string_view status_words(int status) {
    switch (status) {
        case 400:
            return "bad request";
        case 401:
            return "unauthorized";
        case 403:
            return "denied";
        case 404:
            return "not found";
        case 405:
            return "method not allowed";
        case 408:
            return "request timeout";
        case 416:
            return "range not satisfiable";
        case 429:
            return "toomanyrequests";
        case 500:
            return "internal server error";
        case 502:
            return "bad gateway";
        case 503:
            return "service unavailable";
        case 504:
            return "gateway timeout";
        default:
            return "unexpected answer";
    }
}

/// "MANIFEST_UNKNOWN" → "manifest unknown".
std::string words_of(const std::string& code) {
    std::string out = to_lower(code);
    std::replace(out.begin(), out.end(), '_', ' ');
    return out;
}

std::string describe(const Reason& reason) {
    const std::string code = words_of(reason.code);
    if (code.empty() || code == to_lower(reason.message)) return reason.message;
    return reason.message.empty() ? code : code + ": " + reason.message;
}

std::optional<long> retry_after(const HttpHead& head) {
    const auto text = head.find("retry-after");
    const auto seconds = text ? parse_uint(*text, 24 * 3600) : std::nullopt;
    return seconds ? std::optional(static_cast<long>(*seconds)) : std::nullopt;
}

std::string hint_for(int status) {
    if (status == 429)
        return "the registry limits how much a client may ask; log in for more, or try again later";
    return {};
}

}  // namespace

std::string server_reason(int status, std::string_view body) {
    const auto reason = read_reason(body);
    const std::string text = reason ? describe(*reason) : std::string();
    if (text.empty()) return fmt::format("{} ({})", status_words(status), status);
    // What people and scripts look for, whatever the server calls it.
    const bool needs_word =
        (status == 401 || status == 403) && text.find(status_words(status)) == std::string::npos;
    return fmt::format("{}{} ({})", needs_word ? fmt::format("{}: ", status_words(status)) : "",
                       printable(std::string_view(text).substr(0, kMaxReason)), status);
}

void throw_server_error(const std::string& step, const HttpHead& head, std::string_view body) {
    const auto reason = read_reason(body);
    ServerError error(head.status, reason ? reason->code : std::string(), retry_after(head),
                      fmt::format("{}: {}", step, server_reason(head.status, body)));
    // with_hint gives an Error&&: thrown as that, it would lose the status.
    static_cast<void>(std::move(error).with_hint(hint_for(head.status)));
    throw error;
}

}  // namespace rpod::registry
