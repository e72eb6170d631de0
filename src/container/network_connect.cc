// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/network_connect.hh"

#include <fcntl.h>

#include "base/error.hh"
#include "base/json.hh"
#include "container/network_keeper.hh"
#include "container/network_store.hh"
#include "container/parse_network.hh"
#include "container/session.hh"
#include "net/address.hh"
#include "net/name_table.hh"
#include "net/resolv_conf.hh"
#include "sys/file.hh"
#include "sys/unix_socket.hh"
#include "userns/launcher.hh"

namespace rpod::container {
namespace {

using runtime::JoinKind;

net::ResolvConf resolvers_of(const Network& network) {
    auto resolvers = net::read_host_resolv_conf();
    if (!network.servers.empty()) resolvers.nameservers = network.servers;
    if (network.internal) resolvers.nameservers.clear();
    return resolvers;
}

std::optional<sys::Channel> connect_running(const store::Paths& paths, const Network& network) {
    const auto run = sys::find_at(AT_FDCWD, paths.run() / network.id, O_PATH | O_DIRECTORY);
    return run ? sys::connect_at(run->get(), kNetworkSocket) : std::nullopt;
}

void start_keeper(const store::Paths& paths, const Network& network, const UsernsConfig& userns) {
    KeeperJob job{.paths = paths, .network = network, .resolvers = resolvers_of(network)};
    auto [ours, theirs] = sys::Channel::make_pair();
    userns::spawn_in_session(session_files(paths), userns::current_identity(),
                             {.role = "rpod:network",
                              .place = userns::Place::pid_namespace,
                              .subuid_name = userns.subuid_name,
                              .subgid_name = userns.subgid_name},
                             [&job, &channel = theirs](int holder) {
                                 return run_network_keeper(job, std::move(channel), holder);
                             });
    theirs.close();
    runtime::expect_join(ours, JoinKind::reserved, network.name);
}

/// The caller holds the network's lock.
sys::Channel connect_keeper(const store::Paths& paths, const Network& network, const UsernsConfig& userns) {
    if (auto channel = connect_running(paths, network)) return *std::move(channel);
    start_keeper(paths, network, userns);
    auto channel = connect_running(paths, network);
    if (!channel) throw Error("network {}: its process has ended", network.name);
    return *std::move(channel);
}

json::Builder request_text(const ContainerConfig& config, const Attachment& wanted, size_t place) {
    auto request = json::Builder::object();
    request.set("id", config.id).set("name", config.name).set("default_route", place == 0);
    request.set("aliases", json::Builder::of(wanted.aliases));
    if (wanted.ip) request.set("ip", net::to_string(*wanted.ip));
    if (wanted.mac) request.set("mac", mac_text(*wanted.mac));
    request.set("interface", wanted.interface.empty() ? fmt::format("eth{}", place) : wanted.interface);
    return request;
}

/// The first network decides what the container's files say.
void take_addresses(const Network& network, const json::Value& endpoint, runtime::NetworkPlan& plan) {
    plan.slirp.network = network.subnet.network;
    plan.slirp.prefix_length = network.subnet.length;
    plan.slirp.enable_ipv6 = false;
    plan.slirp.own_gateway = network.gateway;
    plan.slirp.own_address = net::parse_ipv4(endpoint.at("address").as_string());
    plan.resolvers = net::read_host_resolv_conf();
    if (network.dns)
        plan.resolvers.search.insert(plan.resolvers.search.begin(), std::string(net::kContainerDomain));
}

Network find_attached(const store::Paths& paths, const Attachment& wanted) {
    auto network = find_network(paths, wanted.network);
    if (!network) throw Error("unable to find network with name or ID {}: network not found", wanted.network);
    return *std::move(network);
}

}  // namespace

void reserve_networks(const store::Paths& paths, const ContainerConfig& config, runtime::NetworkPlan& plan) {
    plan.mode = runtime::NetworkMode::networks;
    store::open_run(paths);
    size_t place = 0;
    for (const auto& text : config.network.networks) {
        const auto wanted = parse_attachment(text);
        const auto network = find_attached(paths, wanted);
        const auto directory = paths.networks() / network.id;
        sys::make_dirs(directory, 0700);
        sys::make_dirs(paths.run() / network.id, 0711);
        const auto lock = sys::open_file(directory / "lock", O_RDWR | O_CREAT, 0600);
        sys::lock(lock.get(), sys::LockKind::exclusive);
        auto channel = connect_keeper(paths, network, config.userns);
        channel.send(static_cast<uint32_t>(JoinKind::reserve), request_text(config, wanted, place).dump());
        const auto answer = runtime::expect_join(channel, JoinKind::reserved, network.name);
        const auto endpoint = json::Value::parse(answer.text, "what network " + network.name + " answered");
        if (place++ == 0) take_addresses(network, endpoint, plan);
        plan.joins.push_back({.network = network.name, .channel = std::move(channel)});
    }
}

std::vector<NetworkEndpoint> network_endpoints(const store::Paths& paths, const ContainerConfig& config,
                                               const std::string& pod_or_container) {
    std::vector<NetworkEndpoint> out;
    for (const auto& text : config.network.networks) {
        if (!is_network_name(text)) continue;
        const auto wanted = parse_attachment(text);
        NetworkEndpoint endpoint{.network = wanted.network, .network_id = {}};
        endpoint.aliases = wanted.aliases;
        endpoint.aliases.push_back(config.id.substr(0, 12));
        const auto network = find_network(paths, wanted.network);
        if (network) endpoint.network_id = network->id;
        auto channel = network ? connect_running(paths, *network) : std::nullopt;
        if (channel) {
            channel->send(static_cast<uint32_t>(JoinKind::list));
            const auto answer = runtime::expect_join(*channel, JoinKind::reserved, network->name);
            for (const auto& v : json::Value::parse(answer.text, "the network's list").elements()) {
                if (v.at("id").as_string() != pod_or_container) continue;
                endpoint.address = v.at("address").as_string();
                endpoint.mac = v.at("mac").as_string();
                endpoint.interface = v.at("interface").as_string();
                endpoint.gateway = net::to_string(network->gateway);
                endpoint.prefix_length = network->subnet.length;
            }
        }
        out.push_back(std::move(endpoint));
    }
    return out;
}

}  // namespace rpod::container
