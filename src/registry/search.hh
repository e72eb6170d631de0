// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "registry/client.hh"

/// Finding repositories in a registry, in its two ways: the search of docker's first API, which the large
/// ones keep for this, and else the catalog of all repositories.
namespace rpod::registry {

constexpr size_t kMaxResults = 10'000;

struct SearchResult {
    std::string name;  ///< without the registry
    std::string description{};
    int64_t stars = 0;
    bool official = false;
    bool automated = false;
};

/// At most `limit` repositories whose name has the term in it; one of just that name comes first. An empty
/// term means all. @throws Error
std::vector<SearchResult> search(const std::string& registry, const std::string& term, size_t limit,
                                 const ClientOptions& options);

/// The answer of /v1/search. @throws Error
std::vector<SearchResult> parse_search(std::string_view text);
/// One page of /v2/_catalog. @throws Error
std::vector<std::string> parse_catalog(std::string_view text);

}  // namespace rpod::registry
