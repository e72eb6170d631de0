// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.hh"
#include "net/config.hh"
#include "net/resolv_conf.hh"

using namespace rpod;

/// resolv.conf(5) of a host, and the options of --network slirp4netns.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto conf = net::parse_resolv_conf(text);
    if (net::parse_resolv_conf(net::to_text(conf)) != conf) std::abort();
    try {
        const auto config = net::parse_slirp_options(text);
        const uint32_t mask = ntohl(config.netmask().s_addr);
        if ((ntohl(config.pod_address().s_addr) & mask) != ntohl(config.network.s_addr)) std::abort();
    } catch (const Error&) {
    }
    return 0;
}
