// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/port_json.hh"

#include "base/error.hh"
#include "net/address.hh"

namespace rpod::container {

json::Builder ports_to_json(const std::vector<net::PortMapping>& ports) {
    auto list = json::Builder::array();
    for (const auto& p : ports) {
        auto line = json::Builder::object();
        line.set("host_ip", p.host_ip).set("host_port", p.host_port);
        line.set("container_port", p.container_port).set("range", p.range);
        line.set("protocol", net::name(p.transport));
        list.push(std::move(line));
    }
    return list;
}

net::PortMapping port_from_json(const json::Value& value) {
    const auto number = [&](std::string_view key) {
        return static_cast<uint16_t>(value.at(key).as_uint(UINT16_MAX));
    };
    net::PortMapping port{.host_ip = value.string_or("host_ip"),
                          .host_port = number("host_port"),
                          .container_port = number("container_port"),
                          .range = number("range"),
                          .transport = net::Transport::tcp};
    const auto protocol = value.at("protocol").as_string();
    const auto transport = net::find_transport(protocol);
    if (!transport) throw Error("{}: protocol '{}' is neither tcp nor udp", value.path(), protocol);
    port.transport = *transport;
    const bool fits =
        port.container_port + port.range - 1 <= UINT16_MAX && port.host_port + port.range - 1 <= UINT16_MAX;
    // Ports that are still open are chosen one by one.
    if (port.host_port == 0 && port.range > 1)
        throw Error("{}: a range without ports of the host", value.path());
    if (port.container_port == 0 || port.range == 0 || !fits)
        throw Error("{}: not a range of ports", value.path());
    if (!port.host_ip.empty() && !net::is_ip_address(port.host_ip))
        throw Error("{}: '{}' is not an IP address", value.path(), port.host_ip);
    return port;
}

std::vector<net::PortMapping> parse_ports(std::string_view text, std::string what) {
    std::vector<net::PortMapping> out;
    for (const auto& value : json::Value::parse(text, std::move(what)).elements())
        out.push_back(port_from_json(value));
    return out;
}

}  // namespace rpod::container
