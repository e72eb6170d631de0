// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.hh"
#include "net/config.hh"
#include "net/control.hh"
#include "net/listen.hh"
#include "net/resolv_conf.hh"

namespace rpod::net::test {

/// What a World runs, each in a process and network namespace of its own below a user namespace of the
/// test's.
struct World {
    SlirpConfig config;
    /// The pod does not see /dev/net/tun.
    bool without_tun = false;
    ResolvConf resolvers{.nameservers = {"10.99.0.1"}, .search = {}, .options = {}};
    /// Plays the host: 10.99.0.1/24 and fd99::1/64 on lo beside 127.0.0.1 and ::1. Runs beside the pod, may
    /// start threads, and is ended with its process when the pod has finished.
    std::function<void(const MonitorEnd&)> host = [](const MonitorEnd&) {};
    /// Runs in the pod; what it returns, or "error: …" with what it throws, is the result.
    std::function<std::string()> pod;
    /// Ports of the host that lead to the pod, and who uses them, in the host's network: see ask_client().
    std::vector<PortMapping> publish;
    std::function<std::string()> client;
};

/// Why worlds cannot be made here; empty where they can.
std::string why_no_world();
/// Why pods can have no tap here; empty where they can.
std::string why_no_tun();
/// Makes the world, runs the pod, ends the world.
std::string run(const World& world);

/// In the pod: ends rpod:net and starts another one for the same tap.
void restart_net();
/// In the pod: runs world.client in a process of its own. @return what that returns
std::string ask_client();

/// What a server sends for what it has received; nothing where that is empty.
using Answer = std::function<std::string(std::string_view)>;
/// Servers that run in threads of the calling process until it ends.
void start_tcp_server(const Endpoint& at, Answer answer);
void start_udp_server(const Endpoint& at, Answer answer);
/// One that resets each connection after its first bytes.
void start_tcp_hangup(const Endpoint& at);

/// Sends `data` from here to a server; what comes back until `want` bytes have come, by default as many as
/// were sent, or none for `timeout_ms`; "error: …" where connecting or sending fails.
std::string ask_tcp(const Endpoint& server, std::string_view data, int timeout_ms = 5000, size_t want = 0);
std::string ask_udp(const Endpoint& server, std::string_view data, int timeout_ms = 5000);
/// One ICMP echo request. true where the answer comes.
bool ping(const Endpoint& target, int timeout_ms = 3000);

}  // namespace rpod::net::test
