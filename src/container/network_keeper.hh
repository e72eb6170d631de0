// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "container/network_store.hh"
#include "net/resolv_conf.hh"
#include "store/paths.hh"
#include "sys/channel.hh"

namespace rpod::container {

/// The socket of a network's process, in RUN/ID of the network.
constexpr const char* kNetworkSocket = "network";

struct KeeperJob {
    store::Paths paths;
    Network network;
    net::ResolvConf resolvers;  ///< asked for names that are not ours
};

/// The process rpod:network: it owns the network namespace with the bridge, connects pods with it on request
/// (runtime/network_join.hh), gives out addresses, and is the parent of the rpod:net behind the bridge, which
/// alone sees frames and has no rights. Root of the session user namespace, which has the rights over the
/// namespaces of all pods below it; PID 1 of a PID namespace, so that nothing outlives it. It ends when the
/// last pod has left, while nobody holds the network's lock, which whoever connects does.
///
/// @param ready  told once: reserved, or failed with the reason
/// @return the exit code of the process
int run_network_keeper(KeeperJob& job, sys::Channel ready, int holder_fd);

}  // namespace rpod::container
