// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "net/config.hh"
#include "net/control.hh"
#include "net/listen.hh"
#include "sys/fd.hh"

namespace rpod::net {

/// What a pod publishes: sockets of the host's network, and the network namespace behind them.
struct PublishedPorts {
    std::vector<PortListener> listeners;
    sys::Fd pod_network;  ///< may be empty where there are no listeners
};

/// Starts a thread that enters the pod's network namespace and serves the listeners until the process ends.
/// It locks itself in (isolate_forwarder). Needs CAP_SYS_ADMIN over both namespaces, and comes after
/// isolate_files (which wants one thread) and before isolate_process.
/// @throws Error with what the thread failed on
void start_forwarding(PublishedPorts ports, const SlirpConfig& config);

/// The body of a process rpod:ports: serves ports that a pod got while its rpod:net ran, until the monitor is
/// gone. Forked by the monitor as rpod:net is. @return the exit code of the process
int serve_ports(PublishedPorts ports, const SlirpConfig& config, const ServeEnd& monitor);

}  // namespace rpod::net
