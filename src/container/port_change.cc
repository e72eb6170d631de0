// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/port_change.hh"

#include <sys/socket.h>

#include <optional>

#include "base/error.hh"
#include "container/control.hh"
#include "container/create.hh"
#include "container/parse_namespace.hh"
#include "container/parse_port.hh"
#include "container/port_json.hh"
#include "store/lock.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

using Ports = std::vector<net::PortMapping>;

/// Nothing where it does not run: the record is all there is to change.
std::optional<std::string> ask_running(const store::Paths& paths, const PortOwner& owner, AttachKind what,
                                       const Ports& ports) {
    if (!owner.runs) return std::nullopt;
    return ask_monitor(paths, owner.id, what, ports_to_json(ports).dump());
}

/// Takes those of one port out of a list; ranges are split around it.
Ports take_out(Ports& ports, uint16_t port, net::Transport transport) {
    Ports taken, left;
    for (const auto& mapping : ports) {
        const bool has = mapping.transport == transport && port >= mapping.container_port &&
                         port < mapping.container_port + mapping.range;
        if (!has) {
            left.push_back(mapping);
            continue;
        }
        for (uint16_t i = 0; i < mapping.range; ++i)
            (mapping.container_port + i == port ? taken : left).push_back(mapping.at(i));
    }
    ports = std::move(left);
    return taken;
}

/// The caller holds its lock.
PortOwner owner_of(const store::Paths& paths, const std::string& id) {
    const auto directory = paths.containers() / id;
    const auto record = [paths, directory](const std::function<void(NetworkConfig&)>& change) {
        const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
        auto config = read_config(directory);
        change(config.network);
        sys::replace_file(directory / "config.json", to_json(config));
    };
    return {.id = id,
            .runs = !is_idle(life_of(directory)),
            .network = read_config(directory).network,
            .record = record};
}

}  // namespace

Ports add_ports(const store::Paths& paths, const PortOwner& owner, const std::vector<std::string>& publish) {
    if (network_namespace(owner.network).mode != NamespaceMode::private_)
        throw Error("publish a port of {}: it has no network of its own", owner.id);
    NetworkConfig wanted;
    wanted.publish = publish;
    auto ports = wanted_ports(wanted, {});
    // Each is a process of its own.
    constexpr size_t kMost = 16;
    if (net::count_ports(ports) > kMost) throw Error("publish: more than {} ports at once", kMost);
    if (const auto answer = ask_running(paths, owner, AttachKind::publish, ports)) {
        ports = parse_ports(*answer, "the monitor's answer");
    } else {
        net::choose_ports(ports, net::LowPorts::refuse);
    }
    owner.record([&](NetworkConfig& network) {
        network.publish.insert(network.publish.end(), publish.begin(), publish.end());
        network.ports.insert(network.ports.end(), ports.begin(), ports.end());
    });
    return ports;
}

Ports add_ports(const store::Paths& paths, const std::string& id, const std::vector<std::string>& publish) {
    const auto making = lock_container(paths.containers() / id);
    return add_ports(paths, owner_of(paths, id), publish);
}

void remove_port(const store::Paths& paths, const PortOwner& owner, uint16_t port, net::Transport transport) {
    auto ports = owner.network.ports;
    const auto taken = take_out(ports, port, transport);
    if (taken.empty()) throw Error("failed to find published port \"{}/{}\"", port, net::name(transport));
    ask_running(paths, owner, AttachKind::unpublish, taken);
    owner.record([&](NetworkConfig& network) { network.ports = ports; });
}

void remove_port(const store::Paths& paths, const std::string& id, uint16_t port, net::Transport transport) {
    const auto making = lock_container(paths.containers() / id);
    remove_port(paths, owner_of(paths, id), port, transport);
}

std::string open_ports(runtime::NetworkPlan& network, runtime::Servers* servers, std::string_view text) {
    auto ports = parse_ports(text, "publish");
    for (auto& listener : net::open_listeners(ports, net::LowPorts::refuse)) {
        if (servers) servers->add_port(listener, network);
        network.listeners.push_back(std::move(listener));
    }
    return ports_to_json(ports).dump();
}

void close_ports(runtime::NetworkPlan& network, runtime::Servers* servers, std::string_view text) {
    for (const auto& port : parse_ports(text, "unpublish")) {
        if (servers) servers->forget_port(port.container_port, port.transport);
        std::erase_if(network.listeners, [&](const net::PortListener& listener) {
            if (listener.transport != port.transport || listener.container_port != port.container_port)
                return false;
            ::shutdown(listener.socket.get(), SHUT_RDWR);
            return true;
        });
    }
}

}  // namespace rpod::container
