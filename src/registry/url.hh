// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rpod::registry {

/// An http or https URL. One with a user name in it is none: credentials come from files and flags only, and
/// a registry that redirects must not choose them.
struct Url {
    std::string scheme;  ///< "http" or "https"
    std::string host;    ///< lower case; an IPv6 address keeps its brackets
    uint16_t port = 0;
    std::string target;  ///< path and query, from the first slash on

    static std::optional<Url> parse(std::string_view text);
    /// What a Location header means in the answer to this URL.
    std::optional<Url> resolve(std::string_view location) const;

    std::string str() const;
    /// scheme://host[:port]/path, for messages: queries of blob stores hold signatures.
    std::string without_query() const;
    std::string host_and_port() const;
    bool same_origin(const Url& other) const;
};

/// For a path segment or the value of a query: everything but letters, digits and "-._~" as %XX.
std::string percent_encode(std::string_view text);

}  // namespace rpod::registry
