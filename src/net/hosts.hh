// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <netinet/in.h>

#include <optional>
#include <string>
#include <vector>

namespace rpod::net {

/// What a container's /etc/hosts says beyond localhost.
struct HostsPlan {
    std::vector<std::string> own_names;  ///< host name, container name; doubles are left out
    std::string own_address;             ///< none: no line
    std::string host_address;            ///< of host.containers.internal and host-gateway; empty: unknown
    std::vector<std::string> added;  ///< --add-host, checked: NAME[;NAME…]:IP, the IP may be "host-gateway"
};

/// hosts(5). The added lines come first, so that they win over the others.
/// @throws Error where an added line asks for host-gateway and the host's address is unknown
std::string hosts_text(const HostsPlan& plan);

/// The address by which others on its network know the host: the one that its default route sends from.
/// Nothing is sent. Nothing where there is no such route.
std::optional<in_addr> host_address();

}  // namespace rpod::net
