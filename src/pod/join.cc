// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "pod/join.hh"

#include <algorithm>

#include "base/error.hh"
#include "container/parse_namespace.hh"
#include "pod/record.hh"

namespace rpod::pod {
namespace {

using container::ContainerConfig;
using container::NamespaceChoice;
using container::NamespaceMode;
using oci::NamespaceType;

const std::vector<std::string> kPodNetwork{"pod"};

Error network_is_shared(std::string_view what) {
    return Error(
        "invalid config provided: {} when the pod is created: network cannot be configured when it is shared "
        "with a pod",
        what);
}

void join_network(ContainerConfig& config, const PodConfig& pod) {
    auto& network = config.network;
    const bool shared = pod.shared.contains(NamespaceType::network);
    const bool host = container::network_namespace(pod.base.network).mode == NamespaceMode::host;
    if (!shared && !host) {
        if (network.networks == kPodNetwork) network.networks.clear();
        return;
    }
    if (network.networks != kPodNetwork) throw network_is_shared("networks must be defined");
    if (!network.publish.empty() || network.publish_all || !network.expose.empty())
        throw network_is_shared("published or exposed ports must be defined");
    if (!network.dns_servers.empty() || !network.dns_search.empty() || !network.dns_options.empty())
        throw network_is_shared("DNS options must be defined");
    if (!network.add_host.empty()) throw network_is_shared("extra host entries must be specified");
    if (host) network.networks = {"host"};
}

void join_namespace(NamespaceChoice& choice, const PodConfig& pod, NamespaceType type, NamespaceMode own) {
    if (choice.mode == NamespaceMode::pod && !pod.shared.contains(type)) choice.mode = own;
}

void add_mounts(ContainerConfig& config, const PodConfig& pod) {
    std::vector<container::Mount> mounts;
    for (const auto& mount : pod.base.mounts) {
        const auto same = [&](const container::Mount& other) {
            return container::destination_of(other) == container::destination_of(mount);
        };
        if (std::none_of(config.mounts.begin(), config.mounts.end(), same)) mounts.push_back(mount);
    }
    config.mounts.insert(config.mounts.begin(), mounts.begin(), mounts.end());
}

}  // namespace

void join_pod(const store::Paths& paths, ContainerConfig& config, const std::string& id) {
    const auto pod = read_pod(paths, id);
    config.pod = id;
    if (config.userns != container::UsernsConfig{})
        throw Error("invalid config provided: the user namespace is that of the pod: invalid configuration");
    if (config.log.driver == "passthrough")
        throw Error(
            "--log-driver=passthrough: the monitor of a pod does not have the streams of this command");
    join_network(config, pod);
    join_namespace(config.ipc, pod, NamespaceType::ipc, NamespaceMode::shareable);
    join_namespace(config.uts, pod, NamespaceType::uts, NamespaceMode::private_);
    join_namespace(config.pid, pod, NamespaceType::pid, NamespaceMode::private_);
    join_namespace(config.cgroupns, pod, NamespaceType::cgroup, NamespaceMode::private_);
    if (config.pid.mode == NamespaceMode::host)
        throw Error("--pid=host: a container of a pod cannot leave the PID namespace of the pod's monitor");
    if (!config.hostname.empty() && config.uts.mode == NamespaceMode::pod) {
        throw Error(
            "invalid config provided: cannot set hostname when joining the pod UTS namespace: invalid "
            "configuration");
    }
    config.userns = pod.base.userns;
    add_mounts(config, pod);
    config.devices.insert(config.devices.begin(), pod.base.devices.begin(), pod.base.devices.end());
    if (config.restart.empty() && !config.remove) config.restart = pod.base.restart;
}

void check_pod(PodConfig& pod) {
    using Mode = container::UsernsConfig::Mode;
    if (pod.base.userns.mode == Mode::container || pod.base.userns.mode == Mode::path)
        throw Error("--userns: a pod has a user namespace of its own, not that of '{}'",
                    pod.base.userns.target);
    const auto network = container::network_namespace(pod.base.network).mode;
    if (network == NamespaceMode::container || network == NamespaceMode::path)
        throw Error("--network {}: a pod has a network of its own, none, or the host's",
                    pod.base.network.networks.front());
    if (network == NamespaceMode::host) pod.shared.erase(NamespaceType::network);
    if (!pod.shared.contains(NamespaceType::network) && !pod.base.network.publish.empty())
        throw Error("ports of a pod whose members do not share a network of their own cannot be published");
}

PodConfig make_pod_for(ContainerConfig& config, const std::string& name) {
    PodConfig pod;
    pod.base.name = name;
    pod.shared = parse_share({});
    std::swap(pod.base.network, config.network);
    if (pod.base.network.networks == kPodNetwork) pod.base.network.networks.clear();
    config.network.networks = kPodNetwork;
    std::swap(pod.base.hostname, config.hostname);
    std::swap(pod.base.userns, config.userns);
    pod.base.shm_size_bytes = config.shm_size_bytes;
    check_pod(pod);
    return pod;
}

}  // namespace rpod::pod
