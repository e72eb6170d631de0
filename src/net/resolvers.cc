// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/resolvers.hh"

#include <algorithm>

#include "base/log.hh"
#include "base/strings.hh"

namespace rpod::net {
namespace {

/// Two tries fit into the five seconds after which a C library in the pod asks again.
constexpr int kTryMs = 2000;
constexpr uint64_t kMaxTimeoutSeconds = 30;

}  // namespace

void Resolvers::set(const ResolvConf& conf) {
    endpoints_.clear();
    first_ = 0;
    rotate_ = false;
    try_ms_ = kTryMs;
    for (const auto& nameserver : conf.nameservers) {
        if (const auto endpoint = resolver_endpoint(nameserver))
            endpoints_.push_back(*endpoint);
        else
            log::debug("dns: nameserver '{}' cannot be reached from here", printable(nameserver));
    }
    constexpr std::string_view kTimeout = "timeout:";
    for (const std::string_view option : conf.options) {
        if (option == "rotate") rotate_ = true;
        if (!option.starts_with(kTimeout)) continue;
        const auto seconds = parse_uint(option.substr(kTimeout.size()), kMaxTimeoutSeconds);
        if (seconds && *seconds > 0) try_ms_ = static_cast<int>(*seconds) * 1000;
    }
}

size_t Resolvers::start() {
    ++queries_;
    if (endpoints_.empty()) return 0;
    if (rotate_) first_ = (first_ + 1) % endpoints_.size();
    return first_;
}

void Resolvers::answered(size_t index) {
    if (!rotate_ && !endpoints_.empty()) first_ = index % endpoints_.size();
}

}  // namespace rpod::net
