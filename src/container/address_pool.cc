// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/address_pool.hh"

#include <algorithm>

#include "base/error.hh"
#include "net/address.hh"

namespace rpod::container {

AddressPool::AddressPool(std::string network, net::Subnet subnet, std::optional<net::Subnet> range,
                         in_addr gateway)
    : network_(std::move(network)), subnet_(subnet), range_(range), gateway_(gateway) {}

bool AddressPool::is_usable(in_addr address) const {
    const auto value = ntohl(address.s_addr);
    return subnet_.contains(address) && value != subnet_.first() && value != subnet_.last();
}

in_addr AddressPool::take(std::optional<in_addr> wanted, const std::function<bool(in_addr)>& taken) {
    const auto is_taken = [&](in_addr address) {
        return address.s_addr == gateway_.s_addr || taken(address);
    };
    if (wanted) {
        if (!is_usable(*wanted))
            throw Error("requested static ip {} not in any subnet on network {}", net::to_string(*wanted),
                        network_);
        if (is_taken(*wanted))
            throw Error("requested ip address {} is already allocated", net::to_string(*wanted));
        return *wanted;
    }
    const auto& pool = range_ ? *range_ : subnet_;
    const uint32_t first = std::max(pool.first(), subnet_.first() + 1);
    const uint32_t last = std::min(pool.last(), subnet_.last() - 1);
    uint32_t next = last_ ? ntohl(last_->s_addr) : last;
    for (uint32_t tries = 0; tries <= last - first; ++tries) {
        next = next < first || next >= last ? first : next + 1;
        const in_addr address{htonl(next)};
        if (is_taken(address)) continue;
        last_ = address;
        return address;
    }
    throw Error("failed to find free IP in range: {} - {}", net::to_string(in_addr{htonl(first)}),
                net::to_string(in_addr{htonl(last)}));
}

}  // namespace rpod::container
