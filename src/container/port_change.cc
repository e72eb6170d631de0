// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/port_change.hh"

#include <functional>
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

void change_record(const store::Paths& paths, const std::string& id,
                   const std::function<void(NetworkConfig&)>& change) {
    const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
    const auto directory = paths.containers() / id;
    auto config = read_config(directory);
    change(config.network);
    sys::replace_file(directory / "config.json", to_json(config));
}

/// Nothing where it does not run: the record is all there is to change.
std::optional<std::string> ask_monitor(const store::Paths& paths, const std::string& id, AttachKind what,
                                       const Ports& ports) {
    const auto life = life_of(paths.containers() / id);
    if (life == Life::created || life == Life::exited) return std::nullopt;
    const auto monitor = connect_control(paths, id);
    if (!monitor) throw no_control(id);
    monitor->send(what, ports_to_json(ports).dump());
    return monitor->expect(AttachKind::done);
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

}  // namespace

Ports add_ports(const store::Paths& paths, const std::string& id, const std::vector<std::string>& publish) {
    const auto directory = paths.containers() / id;
    const auto making = lock_container(directory);
    if (network_namespace(read_config(directory).network).mode != NamespaceMode::private_)
        throw Error("publish a port of {}: it has no network of its own", id);
    NetworkConfig wanted;
    wanted.publish = publish;
    auto ports = wanted_ports(wanted, {});
    // Each is a process of its own.
    constexpr size_t kMost = 16;
    if (net::count_ports(ports) > kMost) throw Error("publish: more than {} ports at once", kMost);
    if (const auto answer = ask_monitor(paths, id, AttachKind::publish, ports)) {
        ports = parse_ports(*answer, "the monitor's answer");
    } else {
        net::choose_ports(ports, net::LowPorts::refuse);
    }
    change_record(paths, id, [&](NetworkConfig& network) {
        network.publish.insert(network.publish.end(), publish.begin(), publish.end());
        network.ports.insert(network.ports.end(), ports.begin(), ports.end());
    });
    return ports;
}

void remove_port(const store::Paths& paths, const std::string& id, uint16_t port, net::Transport transport) {
    const auto directory = paths.containers() / id;
    const auto making = lock_container(directory);
    auto ports = read_config(directory).network.ports;
    const auto taken = take_out(ports, port, transport);
    if (taken.empty()) throw Error("failed to find published port \"{}/{}\"", port, net::name(transport));
    ask_monitor(paths, id, AttachKind::unpublish, taken);
    change_record(paths, id, [&](NetworkConfig& network) { network.ports = ports; });
}

}  // namespace rpod::container
