// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "base/strings.hh"
#include "registry/client.hh"
#include "registry/client_retry.hh"

namespace rpod::registry {
namespace {

constexpr size_t kMaxPage = 8 << 20;
constexpr int kMaxPages = 1000;

}  // namespace

std::string Client::search_page(const std::string& term, size_t limit) {
    return send({.step = fmt::format("searching {}", registry_),
                 .target = fmt::format("/v1/search?q={}&n={}", percent_encode(term), limit)})
        ->read_all(kMaxPage);
}

void Client::catalog(const std::function<bool(const std::string& page)>& take) {
    std::string target = "/v2/_catalog";
    for (int pages = 0; !target.empty() && pages < kMaxPages; ++pages) {
        const auto exchange = send({.step = fmt::format("reading the catalog of {}", registry_),
                                    .target = target,
                                    .registry_scope = "registry:catalog:*"});
        if (!take(exchange->read_all(kMaxPage))) return;
        target = next_page(exchange->head());
    }
}

}  // namespace rpod::registry
