// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/host_files.hh"

#include "base/error.hh"
#include "net/address.hh"
#include "net/hosts.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

net::DnsOptions dns_options(const NetworkConfig& network) {
    return {.servers = network.dns_servers, .search = network.dns_search, .options = network.dns_options};
}

/// The servers that the container asks where --dns does not say: ours, or the host's own.
std::vector<std::string> nameservers(const net::ResolvConf& resolvers, const net::SlirpConfig* slirp) {
    if (!slirp) return resolvers.nameservers;
    // Not the IPv6 address too: it leads to the same forwarder, and musl asks all of them every time.
    return {net::to_string(slirp->dns_address())};
}

/// By which the container reaches its host; empty where it cannot.
std::string host_address(const ContainerConfig& config, const net::SlirpConfig* slirp) {
    if (slirp && slirp->allow_host_loopback) return net::to_string(slirp->gateway());
    if (config.network.networks == std::vector<std::string>{"none"}) return {};
    const auto address = net::host_address();
    return address ? net::to_string(*address) : std::string();
}

std::string hosts_text(const ContainerConfig& config, const net::SlirpConfig* slirp,
                       const std::string& hostname) {
    return net::hosts_text({.own_names = {hostname, config.name},
                            .own_address = slirp ? net::to_string(slirp->pod_address()) : "127.0.1.1",
                            .host_address = host_address(config, slirp),
                            .added = config.network.add_host});
}

std::string write(const std::filesystem::path& directory, const char* name, const std::string& text) {
    const auto path = directory / name;
    sys::replace_file(path, text, 0644);
    return path;
}

}  // namespace

void write_network_files(const ContainerConfig& config, const net::ResolvConf& resolvers,
                         const net::SlirpConfig* slirp, const std::filesystem::path& directory,
                         HostFacts& facts) {
    const auto hostname = container_hostname(config, facts.hostname);
    if (!config.network.no_hosts)
        facts.hosts_file = write(directory, "hosts", hosts_text(config, slirp, hostname));
    if (config.network.dns_servers != std::vector<std::string>{"none"}) {
        facts.resolv_conf_file = write(directory, "resolv.conf",
                                       net::container_resolv_conf(resolvers, dns_options(config.network),
                                                                  nameservers(resolvers, slirp)));
    }
}

void write_own_files(const ContainerConfig& config, const std::string& image_name,
                     const std::string& image_id, const std::filesystem::path& directory, HostFacts& facts) {
    const auto hostname = container_hostname(config, facts.hostname);
    if (!config.no_hostname) facts.hostname_file = write(directory, "hostname", hostname + "\n");
    facts.containerenv_file =
        write(directory, "containerenv", containerenv(config, image_name, image_id, RPOD_VERSION));
}

}  // namespace rpod::container
