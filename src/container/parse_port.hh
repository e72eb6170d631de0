// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "container/config.hh"

namespace rpod::container {

/// One --publish: "[[IP]:][HOST[-HOST]]:CONTAINER[-CONTAINER][/tcp|/udp]"; an IPv6 address stands in
/// brackets. Where the host's port is left out, each port of a range gets any that is free.
/// @throws Error that names the flag's text
std::vector<net::PortMapping> parse_publish(std::string_view text);

/// One --expose, or a key of the image's ExposedPorts: "PORT[-PORT][/tcp|/udp]".
/// @throws Error
std::vector<net::PortMapping> parse_expose(std::string_view text);

/// All that is to be published: `publish`, and with publish_all what `expose` and the image name and
/// `publish` does not. Host ports may still be open (0). The same mapping twice is one; two that want the
/// same host port are an error.
std::vector<net::PortMapping> wanted_ports(const NetworkConfig& network,
                                           const std::set<std::string>& exposed_by_image);

}  // namespace rpod::container
