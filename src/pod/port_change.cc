// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "pod/port_change.hh"

#include "base/error.hh"
#include "container/port_change.hh"
#include "container/record.hh"
#include "pod/record.hh"
#include "store/lock.hh"
#include "sys/file.hh"

namespace rpod::pod {
namespace {

/// The caller holds its lock.
container::PortOwner owner_of(const store::Paths& paths, const std::string& id) {
    const auto config = read_pod(paths, id);
    if (!config.shared.contains(oci::NamespaceType::network))
        throw Error("publish a port of pod {}: its members do not share a network of their own", id);
    const auto record = [paths, id](const std::function<void(container::NetworkConfig&)>& change) {
        const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
        auto changed = read_pod(paths, id);
        change(changed.base.network);
        sys::replace_file(paths.pods() / id / "config.json", to_json(changed));
    };
    return {.id = id,
            .runs = container::is_alive(paths.pods() / id),
            .network = config.base.network,
            .record = record};
}

}  // namespace

std::vector<net::PortMapping> add_ports(const store::Paths& paths, const std::string& id,
                                        const std::vector<std::string>& publish) {
    const auto lock = lock_pod(paths, id);
    return container::add_ports(paths, owner_of(paths, id), publish);
}

void remove_port(const store::Paths& paths, const std::string& id, uint16_t port, net::Transport transport) {
    const auto lock = lock_pod(paths, id);
    container::remove_port(paths, owner_of(paths, id), port, transport);
}

}  // namespace rpod::pod
