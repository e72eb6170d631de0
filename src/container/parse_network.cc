// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/parse_network.hh"

#include "base/error.hh"
#include "base/strings.hh"
#include "container/network_store.hh"
#include "net/address.hh"
#include "store/names.hh"

namespace rpod::container {
namespace {

void take_option(Attachment& out, std::string_view key, std::string_view value) {
    if (key == "ip") {
        out.ip = net::parse_ipv4(value);
        if (!out.ip) throw Error("'{}' is not an IPv4 address", printable(value));
    } else if (key == "mac") {
        out.mac = parse_mac(value);
    } else if (key == "alias") {
        store::require_valid_name(value);
        out.aliases.emplace_back(value);
    } else if (key == "interface_name") {
        if (!net::is_interface_name(value) || value == "lo" || value == "." || value == "..")
            throw Error("'{}' is no name for an interface", printable(value));
        out.interface = value;
    } else if (key == "ip6") {
        throw Error("networks have IPv4 alone yet");
    } else {
        throw Error("no such option").with_hint("options: alias, interface_name, ip, mac");
    }
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

MacAddress parse_mac(std::string_view text) {
    MacAddress mac{};
    bool valid = text.size() == 17;
    for (size_t i = 0; valid && i < mac.size(); ++i) {
        const int high = hex_digit(text[3 * i]), low = hex_digit(text[3 * i + 1]);
        const bool separated = i == 5 || text[3 * i + 2] == ':' || text[3 * i + 2] == '-';
        valid = high >= 0 && low >= 0 && separated;
        if (valid) mac[i] = static_cast<uint8_t>(high << 4 | low);
    }
    if (!valid || (mac[0] & 1) || mac == MacAddress{})
        throw Error("'{}' is not a hardware address of one host", printable(text));
    return mac;
}

std::string mac_text(const MacAddress& mac) {
    return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac[0], mac[1], mac[2], mac[3], mac[4],
                       mac[5]);
}

Attachment parse_attachment(std::string_view text) {
    Attachment out;
    const auto colon = text.find(':');
    out.network = network_name(text);
    store::require_valid_name(out.network);
    if (colon == text.npos) return out;
    for (const std::string_view option : split(text.substr(colon + 1), ',')) {
        const auto parts = split(option, '=', 2);
        in_context(
            [&] {
                if (parts.size() < 2) throw Error("a value is missing");
                take_option(out, parts[0], parts[1]);
            },
            "network {}: option '{}'", out.network, printable(parts[0]));
    }
    return out;
}

}  // namespace rpod::container
