// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.hh"
#include "net/config.hh"

namespace rpod::net {

/// What rpod takes from resolv.conf(5).
struct ResolvConf {
    std::vector<std::string> nameservers;  ///< IP addresses, link-local ones with their scope: "fe80::1%eth0"
    std::vector<std::string> search;
    std::vector<std::string> options;

    static constexpr size_t kMaxBytes = 64 << 10;
    static constexpr size_t kMaxNameservers = 8;
    static constexpr size_t kMaxSearch = 32;
    static constexpr size_t kMaxOptions = 32;
    bool operator==(const ResolvConf&) const = default;
};

/// Lines that are not understood are skipped, as the C library does; so is what goes beyond the limits.
ResolvConf parse_resolv_conf(std::string_view text);
/// The host's /etc/resolv.conf; where there is none, the resolver on 127.0.0.1 that resolv.conf(5) promises.
ResolvConf read_host_resolv_conf();
std::string to_text(const ResolvConf& conf);

/// A nameserver with port 53; nothing where it is no address, or its scope is no interface of this network
/// namespace.
std::optional<Endpoint> resolver_endpoint(const std::string& nameserver);

/// A container's resolv.conf: `host` with the options of the command line in place.
/// @param nameservers  what to name where --dns does not say: the pod's DNS address; the host's own for
/// --network host
std::string container_resolv_conf(const ResolvConf& host, const DnsOptions& options,
                                  const std::vector<std::string>& nameservers);

/// @throws Error where an entry of --dns is no IP address, or a search domain or option could start a line of
/// its own
void validate(const DnsOptions& options);

}  // namespace rpod::net
