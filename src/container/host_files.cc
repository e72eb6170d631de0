// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/host_files.hh"

#include "base/error.hh"
#include "net/address.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

net::DnsOptions dns_options(const NetworkConfig& network) {
    return {.servers = network.dns_servers, .search = network.dns_search, .options = network.dns_options};
}

/// The servers that the container asks where --dns does not say: ours, or the host's own.
std::vector<std::string> nameservers(const net::ResolvConf& resolvers, const net::SlirpConfig* slirp) {
    if (!slirp) return resolvers.nameservers;
    std::vector<std::string> servers{net::to_string(slirp->dns_address())};
    if (slirp->enable_ipv6) servers.push_back(net::to_string(net::SlirpConfig::dns_address6()));
    return servers;
}

/// hosts(5) of the container.
std::string hosts_text(const std::string& hostname, const std::string& own_address) {
    return fmt::format("127.0.0.1\tlocalhost\n::1\tlocalhost\n{}\t{}\n", own_address, hostname);
}

std::string write(const std::filesystem::path& directory, const char* name, const std::string& text) {
    const auto path = directory / name;
    sys::replace_file(path, text, 0644);
    return path;
}

}  // namespace

void write_host_files(const ContainerConfig& config, const net::ResolvConf& resolvers,
                      const net::SlirpConfig* slirp, const std::string& image_name,
                      const std::string& image_id, const std::filesystem::path& directory, HostFacts& facts) {
    const auto hostname = container_hostname(config, facts.hostname);
    if (!config.network.no_hosts)
        facts.hosts_file =
            write(directory, "hosts",
                  hosts_text(hostname, slirp ? net::to_string(slirp->pod_address()) : "127.0.1.1"));
    if (config.network.dns_servers != std::vector<std::string>{"none"}) {
        facts.resolv_conf_file = write(directory, "resolv.conf",
                                       net::container_resolv_conf(resolvers, dns_options(config.network),
                                                                  nameservers(resolvers, slirp)));
    }
    if (!config.no_hostname) facts.hostname_file = write(directory, "hostname", hostname + "\n");
    facts.containerenv_file =
        write(directory, "containerenv", containerenv(config, image_name, image_id, RPOD_VERSION));
}

}  // namespace rpod::container
