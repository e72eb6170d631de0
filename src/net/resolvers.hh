// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <vector>

#include "net/address.hh"
#include "net/resolv_conf.hh"

namespace rpod::net {

/// The host's resolvers in the order in which a query tries them: the one that answered last comes first, or
/// each in turn with `options rotate`.
class Resolvers {
  public:
    explicit Resolvers(const ResolvConf& conf) { set(conf); }
    void set(const ResolvConf& conf);

    size_t size() const { return endpoints_.size(); }
    /// Where a new query starts; the following ones are (start + 1) % size() and so on.
    size_t start();
    /// How many queries have started.
    uint64_t queries() const { return queries_; }
    const Endpoint& at(size_t index) const { return endpoints_[index % endpoints_.size()]; }
    /// A resolver gave an answer: queries start with it from now on.
    void answered(size_t index);
    /// How long one of them may take before the next one is tried.
    int try_ms() const { return try_ms_; }

  private:
    std::vector<Endpoint> endpoints_;
    size_t first_ = 0;
    uint64_t queries_ = 0;
    bool rotate_ = false;
    int try_ms_ = 0;
};

}  // namespace rpod::net
