// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "registry/search.hh"

#include "base/error.hh"
#include "base/json.hh"
#include "base/log.hh"
#include "base/strings.hh"

namespace rpod::registry {
namespace {

constexpr json::Limits kLimits{.max_bytes = 8 << 20, .max_depth = 16};

/// docker.io's search is at another host than its images, and does not know "library/".
std::string search_host(const std::string& registry) {
    return registry == "docker.io" ? "index.docker.io" : registry;
}

std::string search_term(const std::string& registry, const std::string& term) {
    constexpr std::string_view kLibrary = "library/";
    return registry == "docker.io" && term.starts_with(kLibrary) ? term.substr(kLibrary.size()) : term;
}

std::vector<SearchResult> search_catalog(const std::string& registry, const std::string& term, size_t limit,
                                         const ClientOptions& options) {
    Client client(registry, {}, options);
    std::vector<SearchResult> out;
    client.catalog([&](const std::string& page) {
        for (auto& name : parse_catalog(page)) {
            if (name.find(term) == std::string::npos) continue;
            const auto at = name == term ? out.begin() : out.end();
            out.insert(at, SearchResult{.name = std::move(name)});
        }
        return out.size() < limit;
    });
    if (out.size() > limit) out.resize(limit);
    return out;
}

}  // namespace

std::vector<SearchResult> parse_search(std::string_view text) {
    const auto root = json::Value::parse(text, "search results", kLimits);
    std::vector<SearchResult> out;
    const auto results = root.find("results");
    if (!results) return out;
    if (results->count() > kMaxResults) throw Error("{}: more than {}", results->path(), kMaxResults);
    for (const auto& item : results->elements()) {
        out.push_back(SearchResult{.name = item.at("name").as_string(),
                                   .description = item.string_or("description"),
                                   .stars = item.int_or("star_count", 0),
                                   .official = item.bool_or("is_official", false),
                                   .automated = item.bool_or("is_automated", false)});
    }
    return out;
}

std::vector<std::string> parse_catalog(std::string_view text) {
    return json::Value::parse(text, "catalog", kLimits).strings_or_empty("repositories");
}

std::vector<SearchResult> search(const std::string& registry, const std::string& term, size_t limit,
                                 const ClientOptions& options) {
    const std::string wanted = search_term(registry, term);
    if (!wanted.empty()) {
        try {
            // A registry without it answers in many ways, all of which mean the same.
            auto once = options;
            once.retry.attempts = 0;
            auto found = parse_search(Client(search_host(registry), {}, once).search_page(wanted, limit));
            if (found.size() > limit) found.resize(limit);
            return found;
        } catch (const Error& e) {
            log::debug("{}; looking at the catalog", e.what());
        }
    }
    return search_catalog(registry, wanted, limit, options);
}

}  // namespace rpod::registry
