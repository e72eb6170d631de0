// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/network_change.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/control.hh"
#include "container/create.hh"
#include "container/parse_network.hh"
#include "store/event_log.hh"
#include "store/lock.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

/// By name or ID.
bool names_it(const store::Paths& paths, const std::string& text, const Network& network) {
    const auto found = is_network_name(text) ? find_network(paths, network_name(text)) : std::nullopt;
    return found && found->id == network.id;
}

bool is_on(const store::Paths& paths, const ContainerConfig& config, const Network& network) {
    const auto& all = config.network.networks;
    return std::any_of(all.begin(), all.end(),
                       [&](const std::string& text) { return names_it(paths, text, network); });
}

void require_networks(const ContainerConfig& config) {
    const auto& all = config.network.networks;
    if (!config.pod.empty())
        throw Error("container {} is in a pod: its networks are those that the pod was made with",
                    config.name);
    if (all.empty() || !is_network_name(all.front())) {
        const auto mode = all.empty() ? std::string("slirp4netns") : all.front();
        throw Error("\"{}\" is not supported: invalid network mode",
                    printable(mode.substr(0, mode.find(':'))))
            .with_hint("only a container that was made with --network NAME can change networks");
    }
}

template <class Change>
void change_record(const store::Paths& paths, const std::string& id, const Change& change) {
    const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
    const auto directory = paths.containers() / id;
    auto config = read_config(directory);
    change(config.network.networks);
    sys::replace_file(directory / "config.json", to_json(config));
}

void tell_monitor(const store::Paths& paths, const std::string& id, AttachKind what,
                  const std::string& text) {
    if (!is_idle(life_of(paths.containers() / id))) ask_monitor(paths, id, what, text);
}

}  // namespace

void connect_network(const store::Paths& paths, const std::string& id, const std::string& attachment) {
    const auto wanted = parse_attachment(attachment);
    const auto network = find_network(paths, wanted.network);
    if (!network) throw Error("unable to find network with name or ID {}: network not found", wanted.network);
    // Nobody starts it meanwhile.
    const auto making = lock_container(paths.containers() / id);
    const auto config = read_config(paths.containers() / id);
    require_networks(config);
    if (is_on(paths, config, *network))
        throw Error("container {} is already connected to network \"{}\": network is already connected", id,
                    network->name);
    tell_monitor(paths, id, AttachKind::connect_network, attachment);
    change_record(paths, id, [&](std::vector<std::string>& networks) { networks.push_back(attachment); });
    store::note_event(paths,
                      {.type = "network", .status = "connect", .id = network->id, .name = network->name});
}

void disconnect_network(const store::Paths& paths, const std::string& id, const Network& network) {
    const auto making = lock_container(paths.containers() / id);
    const auto config = read_config(paths.containers() / id);
    require_networks(config);
    if (!is_on(paths, config, network))
        throw Error("container {} is not connected to network \"{}\"", id, network.name);
    if (config.network.networks.size() == 1)
        throw Error("network {}: it is the only one of container {}", network.name, config.name)
            .with_hint("rpod network connect ANOTHER, first");
    tell_monitor(paths, id, AttachKind::disconnect_network, network.name);
    change_record(paths, id, [&](std::vector<std::string>& networks) {
        std::erase_if(networks, [&](const std::string& text) { return names_it(paths, text, network); });
    });
    store::note_event(paths,
                      {.type = "network", .status = "disconnect", .id = network.id, .name = network.name});
}

bool is_on_network(const store::Paths& paths, const std::string& id, const Network& network) {
    return is_on(paths, read_config(paths.containers() / id), network);
}

}  // namespace rpod::container
