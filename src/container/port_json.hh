// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hh"
#include "net/listen.hh"

namespace rpod::container {

/// With podman's names: {"host_ip": "", "host_port": 8080, "container_port": 80, "range": 1, "protocol":
/// "tcp"}.
json::Builder ports_to_json(const std::vector<net::PortMapping>& ports);
net::PortMapping port_from_json(const json::Value& value);
/// Several, as text. @param what  names it in errors
std::vector<net::PortMapping> parse_ports(std::string_view text, std::string what);

}  // namespace rpod::container
