// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "registry/url.hh"

#include <algorithm>

#include "base/strings.hh"

namespace rpod::registry {
namespace {

constexpr size_t kMaxUrl = 16384;  // signed URLs of blob stores have some thousand

uint16_t default_port(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

bool is_visible(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_host(std::string_view host) {
    if (host.starts_with('[')) {
        return host.size() > 2 && host.ends_with(']') &&
               host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdef:.") == std::string::npos;
    }
    return !host.empty() &&
           host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._") == std::string::npos;
}

/// "host[:port]" into url.
bool take_authority(std::string_view authority, Url& url) {
    const size_t bracket = authority.find(']');
    const size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    url.host = to_lower(authority.substr(0, colon));
    url.port = default_port(url.scheme);
    if (colon != std::string_view::npos && colon + 1 < authority.size()) {
        const auto port = parse_uint(authority.substr(colon + 1), UINT16_MAX);
        if (!port || *port == 0) return false;
        url.port = static_cast<uint16_t>(*port);
    }
    return is_host(url.host);
}

}  // namespace

std::optional<Url> Url::parse(std::string_view text) {
    if (text.size() > kMaxUrl || !is_visible(text)) return std::nullopt;
    Url url;
    const size_t colon = text.find("://");
    if (colon == std::string_view::npos) return std::nullopt;
    url.scheme = to_lower(text.substr(0, colon));
    if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
    text.remove_prefix(colon + 3);
    text = text.substr(0, text.find('#'));
    const size_t end = std::min(text.find_first_of("/?"), text.size());
    // A backslash or an '@' is read in different ways by different programs.
    if (!take_authority(text.substr(0, end), url)) return std::nullopt;
    url.target = text.substr(end);
    if (!url.target.starts_with('/')) url.target.insert(0, "/");
    return url;
}

std::optional<Url> Url::resolve(std::string_view location) const {
    if (location.size() > kMaxUrl || !is_visible(location)) return std::nullopt;
    location = location.substr(0, location.find('#'));
    const size_t colon = location.find(':');
    if (colon != std::string_view::npos && colon < location.find_first_of("/?")) return parse(location);
    if (location.starts_with("//")) return parse(scheme + ":" + std::string(location));
    Url out = *this;
    const std::string path = target.substr(0, target.find('?'));
    if (location.starts_with('/')) {
        out.target = location;
    } else if (location.starts_with('?')) {
        out.target = path + std::string(location);
    } else if (!location.empty()) {
        out.target = path.substr(0, path.rfind('/') + 1) + std::string(location);
    }
    return out;
}

std::string Url::host_and_port() const {
    return port == default_port(scheme) ? host : host + ":" + std::to_string(port);
}

std::string Url::str() const { return scheme + "://" + host_and_port() + target; }

std::string Url::without_query() const {
    return scheme + "://" + host_and_port() + target.substr(0, target.find('?'));
}

bool Url::same_origin(const Url& other) const {
    return scheme == other.scheme && host == other.host && port == other.port;
}

std::string percent_encode(std::string_view text) {
    static constexpr std::string_view plain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    std::string out;
    for (const char c : text) {
        if (plain.find(c) != std::string_view::npos) {
            out += c;
            continue;
        }
        const auto byte = static_cast<uint8_t>(c);
        out += "%" + to_hex(&byte, 1);
    }
    return out;
}

}  // namespace rpod::registry
