// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/network_connect.hh"

#include <fcntl.h>

#include <algorithm>

#include "base/error.hh"
#include "base/json.hh"
#include "base/log.hh"
#include "container/network_keeper.hh"
#include "container/network_store.hh"
#include "container/parse_network.hh"
#include "container/session.hh"
#include "net/address.hh"
#include "net/name_table.hh"
#include "net/resolv_conf.hh"
#include "sys/file.hh"
#include "sys/process.hh"
#include "sys/unix_socket.hh"
#include "userns/launcher.hh"

namespace rpod::container {
namespace {

using runtime::JoinKind;
using Joins = std::vector<runtime::NetworkJoin>;

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

/// In a monitor: its process is the new one's parent, which ends with it; then the next monitor has its turn.
void fork_keeper(const store::Paths& paths, const Network& network) {
    KeeperJob job{.paths = paths, .network = network, .resolvers = resolvers_of(network)};
    auto [ours, theirs] = sys::Channel::make_pair();
    sys::fork_child("rpod:network",
                    [&job, &channel = theirs] { return run_network_keeper(job, std::move(channel), -1); });
    theirs.close();
    runtime::expect_join(ours, JoinKind::reserved, network.name);
}

sys::Channel connect_in_monitor(const store::Paths& paths, const Network& network) {
    if (auto channel = connect_running(paths, network)) return *std::move(channel);
    fork_keeper(paths, network);
    auto channel = connect_running(paths, network);
    if (!channel) throw Error("network {}: its process has ended", network.name);
    return *std::move(channel);
}

/// While it is locked, the network's process does not end.
sys::Fd open_lock(const store::Paths& paths, const Network& network) {
    const auto directory = paths.networks() / network.id;
    sys::make_dirs(directory, 0700);
    sys::make_dirs(paths.run() / network.id, 0711);
    return sys::open_file(directory / "lock", O_RDWR | O_CREAT, 0600);
}

std::optional<sys::Channel> reconnect(const store::Paths& paths, const std::string& id,
                                      const std::string& request) {
    const auto network = find_network(paths, id);
    if (!network) throw Error("network {}: it has been removed", id);
    const auto lock = open_lock(paths, *network);
    if (!sys::try_lock(lock.get(), sys::LockKind::exclusive)) return std::nullopt;
    auto channel = connect_in_monitor(paths, *network);
    channel.send(static_cast<uint32_t>(JoinKind::reserve), request);
    runtime::expect_join(channel, JoinKind::reserved, network->name);
    return channel;
}

std::string free_interface(const Joins& present) {
    for (unsigned i = 0;; ++i) {
        auto name = fmt::format("eth{}", i);
        if (std::none_of(present.begin(), present.end(), [&](const auto& j) { return j.interface == name; }))
            return name;
    }
}

/// @param channel  to the network's process, which does not end meanwhile
/// @param endpoint  gets what that answers
runtime::NetworkJoin reserve_on(const store::Paths& paths, const ContainerConfig& config,
                                const Network& network, const Attachment& wanted, const Joins& present,
                                sys::Channel channel, std::string& endpoint) {
    const auto interface = wanted.interface.empty() ? free_interface(present) : wanted.interface;
    auto request = json::Builder::object();
    request.set("id", config.id).set("name", config.name).set("default_route", present.empty());
    request.set("aliases", json::Builder::of(wanted.aliases)).set("interface", interface);
    if (wanted.ip) request.set("ip", net::to_string(*wanted.ip));
    if (wanted.mac) request.set("mac", mac_text(*wanted.mac));
    channel.send(static_cast<uint32_t>(JoinKind::reserve), request.dump());
    endpoint = runtime::expect_join(channel, JoinKind::reserved, network.name).text;
    const auto given = json::Value::parse(endpoint, "what network " + network.name + " answered");
    // Should the network's process die, the pod comes back as what it was.
    request.set("ip", given.at("address").as_string()).set("mac", given.at("mac").as_string());
    return {.network = network.name,
            .interface = interface,
            .channel = std::move(channel),
            .again = [paths, id = network.id, text = request.dump()] { return reconnect(paths, id, text); }};
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
    for (const auto& text : config.network.networks) {
        const auto wanted = parse_attachment(text);
        const auto network = find_attached(paths, wanted);
        if (std::any_of(plan.joins.begin(), plan.joins.end(),
                        [&](const auto& join) { return join.network == network.name; }))
            throw Error("network {} is named twice", network.name);
        const auto lock = open_lock(paths, network);
        sys::lock(lock.get(), sys::LockKind::exclusive);
        std::string endpoint;
        auto join = reserve_on(paths, config, network, wanted, plan.joins,
                               connect_keeper(paths, network, config.userns), endpoint);
        if (plan.joins.empty())
            take_addresses(network, json::Value::parse(endpoint, "what the network answered"), plan);
        plan.joins.push_back(std::move(join));
    }
}

runtime::NetworkJoin reserve_network(const store::Paths& paths, const ContainerConfig& config,
                                     const std::string& attachment, const Joins& present) {
    const auto wanted = parse_attachment(attachment);
    const auto network = find_attached(paths, wanted);
    const auto lock = open_lock(paths, network);
    sys::lock(lock.get(), sys::LockKind::exclusive);
    std::string endpoint;
    return reserve_on(paths, config, network, wanted, present, connect_in_monitor(paths, network), endpoint);
}

namespace {

/// Where the network's process says that it is.
void fill_in(const store::Paths& paths, const Network& network, const std::string& id, NetworkEndpoint& out) {
    auto channel = connect_running(paths, network);
    if (!channel) return;
    channel->send(static_cast<uint32_t>(JoinKind::list), id);
    const auto answer = runtime::expect_join(*channel, JoinKind::reserved, network.name);
    for (const auto& v : json::Value::parse(answer.text, "the network's list").elements()) {
        out.address = v.at("address").as_string();
        out.mac = v.at("mac").as_string();
        out.interface = v.at("interface").as_string();
        if (!network.internal) out.gateway = net::to_string(network.gateway);
        out.prefix_length = network.subnet.length;
    }
}

}  // namespace

std::vector<NetworkEndpoint> network_endpoints(const store::Paths& paths, const ContainerConfig& config,
                                               const std::string& pod_or_container) {
    std::vector<NetworkEndpoint> out;
    for (const auto& text : config.network.networks) {
        if (!is_network_name(text)) continue;
        const auto wanted = parse_attachment(text);
        NetworkEndpoint endpoint{.network = wanted.network, .network_id = {}};
        endpoint.aliases = wanted.aliases;
        endpoint.aliases.push_back(config.id.substr(0, 12));
        try {
            if (const auto network = find_network(paths, wanted.network)) {
                endpoint.network = network->name;
                endpoint.network_id = network->id;
                fill_in(paths, *network, pod_or_container, endpoint);
            }
        } catch (const Error& e) {
            // It may have ended between two of these lines.
            log::debug("network {}: {}", wanted.network, e.what());
        }
        out.push_back(std::move(endpoint));
    }
    return out;
}

}  // namespace rpod::container
