// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/run_options.hh"
#include "container/network_store.hh"
#include "container/parse_limits.hh"
#include "container/parse_namespace.hh"
#include "container/parse_network.hh"
#include "container/parse_port.hh"
#include "net/config.hh"
#include "net/resolv_conf.hh"

namespace rpod::cli {
namespace {

using container::NamespaceMode;

constexpr const char* kNetwork = "Network";

/// Whether rpod has this network. @throws Error where not
void check_network(const std::string& text, bool in_pod) {
    if (text == "pod" && in_pod) return;
    if (text.empty() || text == "private" || text == "default" || text == "host" || text == "none") return;
    if (text.starts_with("container:") || text.starts_with("ns:")) return;
    if (text == "slirp4netns" || text.starts_with("slirp4netns:")) {
        net::parse_slirp_options(text == "slirp4netns" ? std::string_view()
                                                       : std::string_view(text).substr(12));
        return;
    }
    if (text == "pasta" || text.starts_with("pasta:")) {
        throw Error("network '{}': pasta is not supported", printable(text))
            .with_hint("--network slirp4netns, the default, connects through rpod's own libslirp");
    }
    container::parse_attachment(text);
}

/// --ip, --mac-address and --network-alias belong to the networks that are named.
void add_attachment_options(std::vector<std::string>& networks, const NetworkOptions& o) {
    const auto named = std::count_if(networks.begin(), networks.end(),
                                     [](const auto& text) { return container::is_network_name(text); });
    if (named > 0 && named != static_cast<ptrdiff_t>(networks.size()))
        throw Error("--network: '{}' cannot be combined with networks that have a name",
                    printable(*std::find_if(networks.begin(), networks.end(), [](const auto& text) {
                        return !container::is_network_name(text);
                    })));
    if (named == 0 && networks.size() > 1) throw Error("--network: only networks with a name can be several");
    if (!o.ip6.empty()) throw Error("--ip6: networks have IPv4 alone yet");
    std::vector<std::string> options;
    for (const auto& alias : split_commas(o.aliases)) options.push_back("alias=" + alias);
    if (!o.ip.empty()) options.push_back("ip=" + o.ip);
    if (!o.mac.empty()) options.push_back("mac=" + o.mac);
    if (options.empty()) return;
    if (named == 0)
        throw Error("--ip, --mac-address and --network-alias need a network with a name")
            .with_hint("rpod network create NAME, and --network NAME");
    if (named > 1 && (!o.ip.empty() || !o.mac.empty()))
        throw Error("--ip and --mac-address can only be set for a single network")
            .with_hint("--network NAME:ip=IP,mac=MAC");
    for (auto& text : networks) {
        text += (text.find(':') == text.npos ? ":" : ",") + join(options, ",");
        container::parse_attachment(text);
    }
}

void check_dns(const container::NetworkConfig& network) {
    const bool none = std::find(network.dns_servers.begin(), network.dns_servers.end(), "none") !=
                      network.dns_servers.end();
    if (none &&
        (network.dns_servers.size() > 1 || !network.dns_search.empty() || !network.dns_options.empty())) {
        throw Error(
            "--dns none leaves the image's resolv.conf and cannot be combined with other --dns options");
    }
    if (none) return;
    net::validate(net::DnsOptions{network.dns_servers, network.dns_search, network.dns_options});
}

}  // namespace

void add_network_flags(CLI::App& app, NetworkOptions& o) {
    app.add_option("--network,--net", o.networks,
                   "slirp4netns[:OPTIONS], none, host, container:NAME, ns:PATH, or NETWORK[:OPTIONS]")
        ->type_name("MODE")
        ->group(kNetwork);
    app.add_option("--ip", o.ip, "Address on the network")->type_name("IP")->group(kNetwork);
    app.add_option("--ip6", o.ip6, "IPv6 address on the network")->type_name("IP")->group("");
    app.add_option("--mac-address", o.mac, "Hardware address on the network")
        ->type_name("MAC")
        ->group(kNetwork);
    app.add_option("--network-alias", o.aliases, "Another name on the network")
        ->type_name("NAME")
        ->group(kNetwork);
    app.add_option("--dns", o.dns, "Name servers; none leaves the image's resolv.conf")
        ->type_name("IP")
        ->group(kNetwork);
    app.add_option("--dns-search", o.dns_search, "Domains to search; . for none")
        ->type_name("DOMAIN")
        ->group(kNetwork);
    app.add_option("--dns-option,--dns-opt", o.dns_options, "Options of the resolver")
        ->type_name("OPTION")
        ->group(kNetwork);
    app.add_option("--add-host", o.add_host, "Add a line to /etc/hosts; host-gateway stands for the host")
        ->type_name("NAME:IP")
        ->group(kNetwork);
    app.add_flag("--no-hosts", o.no_hosts, "Leave the image's /etc/hosts")->group(kNetwork);
    app.add_option("-p,--publish", o.publish, "Publish a port, or a range, on the host")
        ->type_name("[[IP:][HOST]:]PORT[/PROTO]")
        ->group(kNetwork);
    app.add_flag("--publish-fallback", o.publish_fallback,
                 "Publish ports that only root may open at higher ones")
        ->group(kNetwork);
}

container::NetworkConfig parse_network(const NetworkOptions& o, bool in_pod) {
    container::NetworkConfig out;
    for (const auto& text : o.networks) check_network(text, in_pod);
    out.networks = o.networks;
    add_attachment_options(out.networks, o);
    out.publish = split_commas(o.publish);
    out.publish_fallback = o.publish_fallback;
    container::wanted_ports(out, {});  // wrong ones are told at once
    out.dns_servers = split_commas(o.dns);
    out.dns_search = split_commas(o.dns_search);
    out.dns_options = split_commas(o.dns_options);
    check_dns(out);
    for (const auto& text : split_commas(o.add_host)) out.add_host.push_back(container::parse_add_host(text));
    out.no_hosts = o.no_hosts;
    if (out.no_hosts && !out.add_host.empty())
        throw Error("--no-hosts and --add-host cannot be set together");
    const auto mode = container::network_namespace(out).mode;
    if ((mode == NamespaceMode::container || mode == NamespaceMode::path) && !out.dns_servers.empty()) {
        throw Error("--dns cannot be set: the network, and with it the name service, is another container's");
    }
    return out;
}

}  // namespace rpod::cli
