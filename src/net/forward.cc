// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/forward.hh"

#include <sched.h>
#include <unistd.h>

#include <future>
#include <optional>
#include <thread>

#include "base/error.hh"
#include "base/log.hh"
#include "net/clock.hh"
#include "net/event_loop.hh"
#include "net/forward_tcp.hh"
#include "net/forward_udp.hh"
#include "net/sandbox.hh"
#include "sys/namespace.hh"

namespace rpod::net {
namespace {

class Forwarder {
  public:
    Forwarder(std::vector<PortListener> listeners, const PodAddresses& pod)
        : tcp_(events_, pod), udp_(events_, pod) {
        for (auto& listener : listeners) {
            if (listener.transport == Transport::tcp) {
                tcp_.add(std::move(listener));
            } else {
                udp_.add(std::move(listener));
            }
        }
    }

    /// run() returns when this is readable.
    void end_with(int fd) {
        if (!events_.add(fd, EPOLLIN, end_)) throw SysError(errno, "watch the monitor");
    }

    void run() {
        while (!end_.come) {
            const int timeout = tcp_.end_turn();
            events_.dispatch(earlier(timeout, udp_.end_turn()));
        }
    }

  private:
    struct End final : EventTarget {
        void ready(uint32_t) override { come = true; }
        bool come = false;
    };

    EventSet events_;
    End end_;
    TcpForwarder tcp_;
    UdpForwarder udp_;
};

PodAddresses addresses_of(const SlirpConfig& config) {
    PodAddresses pod{.v4 = config.pod_address(), .v6 = {}};
    if (config.enable_ipv6) pod.v6 = SlirpConfig::pod_address6();
    return pod;
}

/// Takes the calling thread into the pod's network namespace, where it is to forward.
void enter_pod(PublishedPorts& ports, const SlirpConfig& config, std::optional<Forwarder>& forwarder) {
    sys::join_namespace(ports.pod_network.get(), CLONE_NEWNET);
    ports.pod_network.reset();
    forwarder.emplace(std::move(ports.listeners), addresses_of(config));
}

void forward(PublishedPorts ports, const SlirpConfig& config, std::promise<void>& started) {
    std::optional<Forwarder> forwarder;
    try {
        enter_pod(ports, config, forwarder);
        isolate_forwarder();
    } catch (...) {
        return started.set_exception(std::current_exception());
    }
    started.set_value();
    try {
        forwarder->run();
    } catch (const std::exception& e) {
        // A network without its ports is no use: the process ends, as by any fault, and is replaced.
        log::error("network: published ports: {}", e.what());
        ::_exit(kExitFailed);
    }
}

}  // namespace

int serve_ports(PublishedPorts ports, const SlirpConfig& config, const ServeEnd& monitor) {
    std::optional<Forwarder> forwarder;
    try {
        isolate_environment();
        isolate_files();
        enter_pod(ports, config, forwarder);
        forwarder->end_with(monitor.fd());
        isolate_forwarder();
    } catch (const std::exception& e) {
        monitor.failed(e.what());
        return kExitFailed;
    }
    monitor.ready();
    forwarder->run();
    return 0;
}

void start_forwarding(PublishedPorts ports, const SlirpConfig& config) {
    if (ports.listeners.empty()) return;
    std::promise<void> started;
    auto outcome = started.get_future();
    std::thread([ports = std::move(ports), config, started = std::move(started)]() mutable {
        forward(std::move(ports), config, started);
    }).detach();
    outcome.get();
}

}  // namespace rpod::net
