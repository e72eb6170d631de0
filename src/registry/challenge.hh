// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rpod::registry {

/// What a server asks for: `Bearer realm="https://auth.example/token",service="registry",scope="…"`.
struct Challenge {
    std::string scheme;                         ///< lower case: "basic", "bearer"
    std::map<std::string, std::string> params;  ///< names in lower case
    std::string param(const std::string& name) const;
};

/// A WWW-Authenticate header (RFC 9110, 11.6.1), which may hold several challenges. Foreign text: what
/// follows the first thing that is no challenge is left out.
std::vector<Challenge> parse_challenges(std::string_view header);

}  // namespace rpod::registry
