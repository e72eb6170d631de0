// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/resolv_conf.hh"

#include <net/if.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"
#include "sys/fd.hh"
#include "sys/file.hh"

namespace rpod::net {
namespace {

constexpr uint16_t kDnsPort = 53;
constexpr size_t kMaxWord = 255;

bool is_plain_word(std::string_view word) {
    return !word.empty() && word.size() <= kMaxWord &&
           std::all_of(word.begin(), word.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

std::vector<std::string> words_of(std::string_view line, size_t limit) {
    std::vector<std::string> words;
    while (words.size() < limit) {
        const size_t start = line.find_first_not_of(" \t\r");
        if (start == line.npos) break;
        line.remove_prefix(start);
        const std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
        line.remove_prefix(word.size());
        if (is_plain_word(word)) words.emplace_back(word);
    }
    return words;
}

bool is_nameserver(std::string_view text) {
    const auto parts = split(text, '%', 2);
    if (parts.size() == 1) return is_ip_address(text);
    return parse_ipv6(parts[0]) && is_interface_name(parts[1]);
}

void parse_line(std::string_view line, ResolvConf& conf) {
    const size_t end = line.find_first_of(" \t");
    if (end == line.npos) return;
    const std::string_view keyword = line.substr(0, end);
    const std::string_view rest = line.substr(end);
    if (keyword == "nameserver") {
        const auto words = words_of(rest, 1);
        if (!words.empty() && is_nameserver(words[0]) &&
            conf.nameservers.size() < ResolvConf::kMaxNameservers) {
            conf.nameservers.push_back(words[0]);
        }
    } else if (keyword == "search") {
        conf.search = words_of(rest, ResolvConf::kMaxSearch);
    } else if (keyword == "domain") {
        conf.search = words_of(rest, 1);
    } else if (keyword == "options") {
        for (auto& word : words_of(rest, ResolvConf::kMaxOptions - conf.options.size())) {
            conf.options.push_back(std::move(word));
        }
    }
}

/// By ioctl on a socket of a family that rpod:net may still open; if_nametoindex(3) tries others.
uint32_t scope_of(const std::string& interface) {
    if (const auto number = parse_uint(interface, UINT32_MAX)) return static_cast<uint32_t>(*number);
    const sys::Fd socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    interface.copy(request.ifr_name, IFNAMSIZ - 1);
    if (!socket || ::ioctl(socket.get(), SIOCGIFINDEX, &request) < 0) return 0;
    return static_cast<uint32_t>(request.ifr_ifindex);
}

}  // namespace

ResolvConf parse_resolv_conf(std::string_view text) {
    ResolvConf conf;
    for (const std::string_view line : split(text.substr(0, ResolvConf::kMaxBytes), '\n')) {
        if (!line.empty() && line[0] != '#' && line[0] != ';') parse_line(line, conf);
    }
    return conf;
}

ResolvConf read_host_resolv_conf() {
    ResolvConf conf = parse_resolv_conf(sys::find_file("/etc/resolv.conf").value_or(""));
    if (conf.nameservers.empty()) conf.nameservers = {"127.0.0.1"};
    return conf;
}

std::string to_text(const ResolvConf& conf) {
    std::string text;
    for (const auto& server : conf.nameservers) text += "nameserver " + server + "\n";
    if (!conf.search.empty()) text += "search " + join(conf.search, " ") + "\n";
    if (!conf.options.empty()) text += "options " + join(conf.options, " ") + "\n";
    return text;
}

std::optional<Endpoint> resolver_endpoint(const std::string& nameserver) {
    if (const auto v4 = parse_ipv4(nameserver)) return Endpoint::of(*v4, kDnsPort);
    const auto parts = split(nameserver, '%', 2);
    const auto v6 = parse_ipv6(parts[0]);
    if (!v6) return std::nullopt;
    const uint32_t scope = parts.size() == 2 ? scope_of(std::string(parts[1])) : 0;
    if (parts.size() == 2 && scope == 0) return std::nullopt;
    return Endpoint::of(*v6, kDnsPort, scope);
}

std::string container_resolv_conf(const ResolvConf& host, const DnsOptions& options,
                                  const std::vector<std::string>& nameservers) {
    ResolvConf conf{.nameservers = options.servers.empty() ? nameservers : options.servers,
                    .search = options.search.empty() ? host.search : options.search,
                    .options = options.options.empty() ? host.options : options.options};
    if (conf.search == std::vector<std::string>{"."}) conf.search.clear();
    return to_text(conf);
}

void validate(const DnsOptions& options) {
    for (const auto& server : options.servers) {
        if (!is_nameserver(server)) throw Error("dns server '{}' is not an IP address", printable(server));
    }
    for (const auto& domain : options.search) {
        if (!is_plain_word(domain)) throw Error("dns search domain '{}' is not a domain", printable(domain));
    }
    for (const auto& option : options.options) {
        if (!is_plain_word(option)) throw Error("dns option '{}' is not one word", printable(option));
    }
}

}  // namespace rpod::net
