// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <optional>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/container_view.hh"

namespace rpod::cli {
namespace {

struct PortRange {
    uint16_t first = 0;
    uint16_t count = 1;
};

/// "80" or "80-90".
std::optional<PortRange> parse_range(std::string_view text) {
    const auto ends = split(text, '-', 2);
    const auto first = parse_uint(ends[0], UINT16_MAX);
    const auto last = ends.size() == 2 ? parse_uint(ends[1], UINT16_MAX) : first;
    if (!first || !last || *last < *first) return std::nullopt;
    return PortRange{.first = static_cast<uint16_t>(*first),
                     .count = static_cast<uint16_t>(*last - *first + 1)};
}

std::optional<PortMapping> parse_mapping(std::string_view text) {
    PortMapping out;
    if (const auto slash = text.rfind('/'); slash != std::string_view::npos) {
        out.protocol = to_lower(text.substr(slash + 1));
        text = text.substr(0, slash);
    }
    const auto colon = text.rfind(':');
    const auto inside = parse_range(colon == std::string_view::npos ? text : text.substr(colon + 1));
    if (!inside) return std::nullopt;
    out.container_port = inside->first;
    out.range = inside->count;
    if (colon == std::string_view::npos) return out;
    const auto outside = text.substr(0, colon);
    // What is left of the last colon is the address; an IPv6 one stands in brackets.
    const auto mark = outside.rfind(':');
    const auto port = mark == std::string_view::npos ? outside : outside.substr(mark + 1);
    if (mark != std::string_view::npos) out.host_ip = std::string(outside.substr(0, mark));
    if (port.empty()) return out;
    const auto host = parse_range(port);
    if (!host) return std::nullopt;
    out.host_port = host->first;
    return out;
}

std::string port_text(uint16_t first, uint16_t count) {
    return count == 1 ? std::to_string(first) : fmt::format("{}-{}", first, first + count - 1);
}

}  // namespace

std::vector<PortMapping> port_mappings(const container::ContainerConfig& config) {
    std::vector<PortMapping> out;
    for (const auto& text : config.network.publish) {
        if (auto mapping = parse_mapping(text)) out.push_back(*std::move(mapping));
    }
    return out;
}

std::string ports_text(const std::vector<PortMapping>& ports) {
    std::vector<std::string> out;
    for (const auto& p : ports) {
        out.push_back(fmt::format("{}:{}->{}/{}", p.host_ip.empty() ? "0.0.0.0" : p.host_ip,
                                  port_text(p.host_port, p.range), port_text(p.container_port, p.range),
                                  p.protocol));
    }
    return join(out, ", ");
}

}  // namespace rpod::cli
