// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "base/error.hh"
#include "base/strings.hh"
#include "cli/container_view.hh"

namespace rpod::cli {
namespace {

std::string port_text(uint16_t first, uint16_t count) {
    return count == 1 ? std::to_string(first) : fmt::format("{}-{}", first, first + count - 1);
}

}  // namespace

std::string ports_text(const std::vector<net::PortMapping>& ports) {
    std::vector<std::string> out;
    for (const auto& p : ports) {
        out.push_back(fmt::format("{}:{}->{}/{}", p.shown_ip(), port_text(p.host_port, p.range),
                                  port_text(p.container_port, p.range), net::name(p.transport)));
    }
    return join(out, ", ");
}

}  // namespace rpod::cli
