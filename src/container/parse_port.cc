// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/parse_port.hh"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.hh"
#include "base/strings.hh"
#include "net/address.hh"

namespace rpod::container {
namespace {

using net::PortMapping;

struct Range {
    uint16_t first = 0;
    uint16_t count = 1;
};

/// Errors name the whole text: "publish '80:x': …".
class PortText {
  public:
    PortText(std::string_view flag, std::string_view text) : flag_(flag), text_(text) {}

    [[noreturn]] void fail(const std::string& why) const {
        throw Error("{} '{}': {}", flag_, printable(text_), why);
    }

    uint16_t port(std::string_view part) const {
        const auto number = parse_uint(part, UINT16_MAX);
        if (!number || *number == 0)
            fail(fmt::format("'{}' is not a port number, 1 to 65535", printable(part)));
        return static_cast<uint16_t>(*number);
    }

    Range range(std::string_view part) const {
        const auto ends = split(part, '-', 2);
        const uint16_t first = port(ends[0]);
        const uint16_t last = ends.size() > 1 ? port(ends[1]) : first;
        if (last < first) fail(fmt::format("the range '{}' ends before it begins", printable(part)));
        if (last - first >= static_cast<int>(net::kMaxListeners))
            fail(fmt::format("the range '{}' has more than {} ports", printable(part), net::kMaxListeners));
        return {.first = first, .count = static_cast<uint16_t>(last - first + 1)};
    }

    net::Transport transport(std::string_view word) const {
        if (const auto known = net::find_transport(word)) return *known;
        if (word == "sctp") fail("SCTP is not supported: libslirp and the port forwarder speak TCP and UDP");
        fail(fmt::format("protocol '{}' is neither tcp nor udp", printable(word)));
    }

    std::string address(std::string_view part) const {
        if (part.empty()) fail("the host's address before the first ':' is empty");
        if (!net::is_ip_address(part)) fail(fmt::format("'{}' is not an IP address", printable(part)));
        return std::string(part);
    }

  private:
    std::string_view flag_;
    std::string_view text_;
};

/// "80/TCP" → "80" and tcp.
std::pair<std::string_view, net::Transport> split_transport(const PortText& from, std::string_view text) {
    const size_t slash = text.rfind('/');
    if (slash == std::string_view::npos) return {text, net::Transport::tcp};
    return {text.substr(0, slash), from.transport(to_lower(text.substr(slash + 1)))};
}

/// One mapping for each: the host's ports are any.
std::vector<PortMapping> anywhere(const Range& inside, const std::string& host_ip, net::Transport transport) {
    std::vector<PortMapping> out;
    for (uint16_t i = 0; i < inside.count; ++i) {
        out.push_back({.host_ip = host_ip,
                       .host_port = 0,
                       .container_port = static_cast<uint16_t>(inside.first + i),
                       .range = 1,
                       .transport = transport});
    }
    return out;
}

bool overlap(uint16_t a, uint16_t a_count, uint16_t b, uint16_t b_count) {
    return a < b + b_count && b < a + a_count;
}

bool contend(const PortMapping& a, const PortMapping& b) {
    return a.host_port != 0 && b.host_port != 0 && a.transport == b.transport && a.host_ip == b.host_ip &&
           overlap(a.host_port, a.range, b.host_port, b.range);
}

void add(std::vector<PortMapping>& out, PortMapping port) {
    if (out.size() >= net::kMaxListeners) throw Error("publish: more than {} ports", net::kMaxListeners);
    if (port.host_port == 0) return out.push_back(std::move(port));
    if (std::find(out.begin(), out.end(), port) != out.end()) return;
    for (const auto& other : out) {
        if (contend(other, port))
            throw Error("publish: conflicting port mappings for host port {} (protocol {})",
                        std::max(port.host_port, other.host_port), net::name(port.transport));
    }
    out.push_back(std::move(port));
}

bool is_published(const std::vector<PortMapping>& ports, const PortMapping& exposed) {
    return std::any_of(ports.begin(), ports.end(), [&](const PortMapping& p) {
        return p.transport == exposed.transport &&
               overlap(p.container_port, p.range, exposed.container_port, exposed.range);
    });
}

}  // namespace

std::vector<PortMapping> parse_publish(std::string_view text) {
    const PortText from("publish", text);
    auto [rest, transport] = split_transport(from, text);
    std::string host_ip;
    bool has_ip = false;
    if (rest.starts_with('[')) {
        const size_t end = rest.find("]:");
        if (end == std::string_view::npos) from.fail("expected [IPv6 ADDRESS]:[HOST PORT]:CONTAINER PORT");
        host_ip = from.address(rest.substr(1, end - 1));
        rest = rest.substr(end + 2);
        has_ip = true;
    }
    auto parts = split(rest, ':');
    if (parts.size() == 3 && !has_ip) {
        host_ip = from.address(parts[0]);
        parts.erase(parts.begin());
    } else if (parts.size() > 2) {
        from.fail("expected [[IP:][HOST PORT]:]CONTAINER PORT[/PROTOCOL]");
    }
    if (parts.back().empty()) from.fail("the container's port is missing");
    const Range inside = from.range(parts.back());
    if (parts.size() < 2 || parts[0].empty()) return anywhere(inside, host_ip, transport);
    const Range outside = from.range(parts[0]);
    if (inside.count != outside.count) {
        from.fail(fmt::format("{} ports of the host for {} of the container", outside.count, inside.count));
    }
    return {{.host_ip = std::move(host_ip),
             .host_port = outside.first,
             .container_port = inside.first,
             .range = inside.count,
             .transport = transport}};
}

std::vector<PortMapping> parse_expose(std::string_view text) {
    const PortText from("expose", text);
    const auto [ports, transport] = split_transport(from, text);
    return anywhere(from.range(ports), "", transport);
}

std::vector<PortMapping> wanted_ports(const NetworkConfig& network,
                                      const std::set<std::string>& exposed_by_image) {
    std::vector<PortMapping> out;
    for (const auto& text : network.publish) {
        for (auto& port : parse_publish(text)) add(out, std::move(port));
    }
    if (!network.publish_all) return out;
    const auto add_exposed = [&](const std::string& text) {
        for (auto& port : parse_expose(text)) {
            if (!is_published(out, port)) add(out, std::move(port));
        }
    };
    for (const auto& text : network.expose) add_exposed(text);
    for (const auto& text : exposed_by_image) add_exposed(text);
    return out;
}

}  // namespace rpod::container
