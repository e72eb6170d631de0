// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/error.hh"
#include "net/serve.hh"
#include "net/tap.hh"
#include "sys/file.hh"
#include "sys/namespace.hh"
#include "sys/process.hh"

using namespace rpod;

/// net_attach PID [OPTIONS]: rpod:net for the network namespace of a process, as slirp4netns is started; for
/// comparing the two. OPTIONS as for --network slirp4netns:OPTIONS. Ends with a signal.
int main(int argc, char** argv) {
    if (argc < 2) return std::fputs("usage: net_attach PID [OPTIONS]\n", stderr), 2;
    try {
        const auto config = net::parse_slirp_options(argc > 2 ? argv[2] : "");
        const sys::Fd pod = sys::open_namespace(std::atoi(argv[1]), CLONE_NEWNET);
        auto [ours, theirs] = sys::Channel::make_pair();
        const pid_t child = sys::fork_child("net_attach:tap", [&pod, &config, end = &theirs] {
            sys::join_namespace(pod.get(), CLONE_NEWNET);
            const sys::Fd tap = net::create_tap_in_child(config, std::nullopt);
            end->send(1, "", {tap.get()});
            return 0;
        });
        auto packet = ours.receive();
        if (!packet || !sys::wait_for(child).ok()) return 1;
        auto [monitor, server] = sys::Channel::make_pair();
        return net::serve(std::move(packet->fds.at(0)), config, net::read_host_resolv_conf(),
                          net::ServeEnd(std::move(server)));
    } catch (const Error& e) {
        std::fprintf(stderr, "net_attach: %s\n%s\n", e.what(), e.hint().c_str());
        return 1;
    }
}
