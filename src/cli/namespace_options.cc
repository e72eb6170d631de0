// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/run_options.hh"
#include "container/parse_limits.hh"
#include "container/parse_namespace.hh"
#include "container/parse_port.hh"
#include "net/config.hh"
#include "net/resolv_conf.hh"

namespace rpod::cli {
namespace {

using container::NamespaceMode;

constexpr const char* kNamespaces = "Namespaces and users";
constexpr const char* kNetwork = "Network";

container::UsernsConfig parse_user_namespace(const NamespaceOptions& o, const Surroundings& around) {
    const bool maps = !o.uid_maps.empty() || !o.gid_maps.empty();
    const bool names = !o.subuid_name.empty() || !o.subgid_name.empty();
    if (o.userns && (maps || names)) {
        throw Error("--userns cannot be combined with --uidmap, --gidmap, --subuidname and --subgidname");
    }
    if (!maps && !names) {
        std::string text = o.userns.value_or("");
        for (const auto& e : around.env) {
            if (!o.userns && e.name == "PODMAN_USERNS") text = e.value;
        }
        return container::parse_userns(text);
    }
    container::UsernsConfig out;
    if (maps) out.mode = container::UsernsConfig::Mode::maps;
    for (const auto& text : split_commas(o.uid_maps)) {
        out.uid_maps.push_back(container::parse_id_mapping(text, "uidmap"));
    }
    for (const auto& text : split_commas(o.gid_maps)) {
        out.gid_maps.push_back(container::parse_id_mapping(text, "gidmap"));
    }
    if (out.uid_maps.empty()) out.uid_maps = out.gid_maps;
    if (out.gid_maps.empty()) out.gid_maps = out.uid_maps;
    out.subuid_name = o.subuid_name.empty() ? o.subgid_name : o.subuid_name;
    out.subgid_name = o.subgid_name.empty() ? o.subuid_name : o.subgid_name;
    return out;
}

/// Whether rpod has this network. @throws Error where not
void check_network(const std::string& text) {
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
    throw Error("network '{}': networks with a name are not supported yet", printable(text));
}

/// A port or a range, with a protocol: "80", "80-90/udp".
void check_port(std::string_view text) {
    const auto parts = split(text, '/');
    const auto range = split(parts[0], '-');
    bool ok = parts.size() <= 2 && range.size() <= 2;
    for (const auto part : range) ok = ok && parse_uint(part, 65535).value_or(0) > 0;
    ok = ok && parse_uint(range.front()) <= parse_uint(range.back());
    if (parts.size() == 2) ok = ok && (parts[1] == "tcp" || parts[1] == "udp" || parts[1] == "sctp");
    if (!ok) throw Error("expose '{}': expected PORT[-PORT][/tcp|udp|sctp]", printable(text));
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

container::NetworkConfig parse_network(const NamespaceOptions& o) {
    container::NetworkConfig out;
    for (const auto& text : o.networks) check_network(text);
    if (o.networks.size() > 1) throw Error("more than one --network is not supported yet");
    out.networks = o.networks;
    out.expose = split_commas(o.expose);
    for (const auto& text : out.expose) check_port(text);
    out.publish = split_commas(o.publish);
    out.publish_all = o.publish_all;
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

}  // namespace

void add_namespace_flags(CLI::App& app, NamespaceOptions& o) {
    app.add_option("--userns", o.userns,
                   "host, keep-id[:uid=,gid=,size=], nomap, auto[:size=], container:NAME")
        ->type_name("MODE")
        ->group(kNamespaces);
    app.add_option("--uidmap", o.uid_maps, "Map user IDs line by line; 1 is the first subordinate ID")
        ->type_name("INSIDE:OUTSIDE[:COUNT]")
        ->group(kNamespaces);
    app.add_option("--gidmap", o.gid_maps, "Map group IDs line by line")
        ->type_name("INSIDE:OUTSIDE[:COUNT]")
        ->group(kNamespaces);
    app.add_option("--subuidname", o.subuid_name, "Whose lines of /etc/subuid to use")
        ->type_name("NAME")
        ->group(kNamespaces);
    app.add_option("--subgidname", o.subgid_name, "Whose lines of /etc/subgid to use")
        ->type_name("NAME")
        ->group(kNamespaces);
    const auto add = [&](const char* flag, std::string& value, const char* help) {
        app.add_option(flag, value, help)->type_name("MODE")->group(kNamespaces);
    };
    add("--pid", o.pid, "Process IDs: private, host, container:NAME, ns:PATH");
    add("--ipc", o.ipc, "Shared memory and queues: shareable, private, none, host, container:NAME, ns:PATH");
    add("--uts", o.uts, "Host name: private, host, container:NAME, ns:PATH");
    add("--cgroupns", o.cgroupns, "View of the cgroups: private, host, container:NAME, ns:PATH");

    app.add_option("--network,--net", o.networks,
                   "slirp4netns[:OPTIONS], none, host, container:NAME, ns:PATH")
        ->type_name("MODE")
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
    app.add_option("--expose", o.expose, "Note a port that the container serves")
        ->type_name("PORT[/PROTO]")
        ->group(kNetwork);
    app.add_option("-p,--publish", o.publish, "Publish a port, or a range, on the host")
        ->type_name("[[IP:][HOST]:]PORT[/PROTO]")
        ->group(kNetwork);
    app.add_flag("-P,--publish-all", o.publish_all, "Publish all exposed ports at free ports of the host")
        ->group(kNetwork);
    app.add_flag("--publish-fallback", o.publish_fallback,
                 "Publish ports that only root may open at higher ones")
        ->group(kNetwork);
}

void apply(const NamespaceOptions& o, const Surroundings& around, container::ContainerConfig& config) {
    config.userns = parse_user_namespace(o, around);
    config.pid = container::parse_namespace(o.pid, "pid");
    config.ipc = container::parse_ipc(o.ipc);
    config.uts = container::parse_namespace(o.uts, "uts");
    config.cgroupns = container::parse_namespace(o.cgroupns, "cgroupns");
    config.network = parse_network(o);
    if (!config.hostname.empty() && config.uts.mode != NamespaceMode::private_) {
        throw Error("--hostname cannot be set: the container uses a UTS namespace that is not its own");
    }
}

}  // namespace rpod::cli
