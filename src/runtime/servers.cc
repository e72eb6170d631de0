// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/servers.hh"

#include <poll.h>
#include <sched.h>

#include <cerrno>
#include <csignal>

#include "base/error.hh"
#include "base/log.hh"
#include "net/serve.hh"
#include "overlay/extract.hh"
#include "overlay/overlay_serve.hh"
#include "runtime/first_steps.hh"
#include "sys/channel.hh"
#include "sys/file.hh"
#include "sys/namespace.hh"

namespace rpod::runtime {
namespace {

using namespace std::chrono_literals;

/// More deaths than this in the time below are not somebody's kill but a fault that will not go away.
constexpr unsigned kMaxDeaths = 20;
constexpr auto kDeathWindow = 60s;

}  // namespace

void Servers::serve_image(std::vector<sys::Fd> connections, ImageRoot& root, std::vector<overlay::View> views,
                          const userns::PodMaps& maps) {
    image_ = {.connections = std::move(connections),
              .views = std::move(views),
              .owners = overlay::visible_owners(maps.uids, maps.gids),
              .request_log = overlay::make_request_log()};
    add({.role = "rpod:overlay",
         .start = [this, &root](bool again) { return start_image(root, again); },
         .give_up = [this] { image_.connections.clear(); },
         .pidfd = {}});
}

void Servers::serve_overlay(std::vector<sys::Fd> fds, ImageRoot& root, const userns::PodMaps& maps,
                            bool sync) {
    add({.role = "rpod:fuse",
         .start = [&](bool) { return start_overlay(fds, root, maps, sync); },
         .give_up = [] {},
         .replaceable = false,
         .pidfd = {}});
}

void Servers::serve_network(sys::Fd tap, sys::Fd pod_network, NetworkPlan& plan) {
    network_.tap = std::move(tap);
    network_.pod = std::move(pod_network);
    network_.plan = &plan;
    add({.role = "rpod:net",
         .start = [this, &plan](bool) { return start_network(plan); },
         .give_up =
             [this] {
                 network_.tap.reset();
                 network_.end.reset();
             },
         .pidfd = {}});
}

void Servers::serve_bridge(sys::Fd tap, NetworkPlan& plan) { serve_network(std::move(tap), {}, plan); }

void Servers::join_networks(sys::Fd pod_network, NetworkPlan& plan) {
    network_.pod = std::move(pod_network);
    network_.plan = &plan;
    joins_.join(plan.joins, network_.pod.get());
    if (plan.listeners.empty()) return;
    add({.role = "rpod:ports",
         .start = [this, &plan](bool) { return start_published(plan); },
         .give_up = [this] { network_.end.reset(); },
         .pidfd = {}});
}

bool Servers::set_names(const std::string& text) {
    if (!network_.end) return true;
    try {
        return network_.end->set_names(text);
    } catch (const SysError& e) {
        // It has died; the next one finds them in the plan.
        log::debug("network: {}", e.what());
        return true;
    }
}

void Servers::add(Server server) {
    server.counted_from = Clock::now();
    run(servers_.emplace_back(std::move(server)), false);
}

void Servers::run(Server& server, bool again) {
    server.pid = server.start(again);
    server.pidfd = sys::open_pidfd(server.pid);
}

// Forked roles: nothing of this process but what is named stays open. What owned the rest is never destroyed
// there: a role ends in _exit.

pid_t Servers::start_image(ImageRoot& root, bool again) {
    return sys::fork_child("rpod:overlay", [&] {
        std::vector<int> keep{image_.request_log.get()};
        for (const auto& connection : image_.connections) keep.push_back(connection.get());
        for (const auto& blob : root.blobs) keep.push_back(blob.get());
        sys::close_descriptors_except(std::move(keep));
        overlay::ServeOptions options{
            .index = std::move(root.index), .blobs = std::move(root.blobs), .request_log = {}};
        for (size_t i = 0; i < image_.connections.size(); ++i) {
            options.mounts.push_back({.fuse = std::move(image_.connections[i]), .view = image_.views[i]});
        }
        options.owners = image_.owners;
        options.request_log = std::move(image_.request_log);
        options.takeover = again;
        return overlay::serve(std::move(options));
    });
}

pid_t Servers::start_overlay(std::vector<sys::Fd>& fds, ImageRoot& root, const userns::PodMaps& maps,
                             bool sync) {
    constexpr size_t kCount = 4;
    if (fds.size() != kCount)
        throw Error("serve an overlay: {} descriptors instead of {}", fds.size(), kCount);
    return sys::fork_child("rpod:fuse", [&] {
        std::vector<int> keep;
        for (const auto& fd : fds) keep.push_back(fd.get());
        for (const auto& blob : root.blobs) keep.push_back(blob.get());
        sys::close_descriptors_except(std::move(keep));
        // It makes files for all users of P.
        sys::join_namespace(fds[1].get(), CLONE_NEWUSER);
        become_root(maps, std::nullopt);
        return overlay::serve_overlay({.fuse = std::move(fds[0]),
                                       .index = std::move(root.index),
                                       .blobs = std::move(root.blobs),
                                       .owners = overlay::visible_owners(maps.uids, maps.gids),
                                       .upper = std::move(fds[2]),
                                       .work = std::move(fds[3]),
                                       .sync = sync});
    });
}

pid_t Servers::start_network(NetworkPlan& plan) {
    network_.end.reset();
    auto [ours, theirs] = sys::Channel::make_pair();
    const pid_t pid = sys::fork_child("rpod:net", [&, &channel = theirs] {
        std::vector<int> keep{network_.tap.get(), network_.pod.get(), channel.fd()};
        for (const auto& listener : plan.listeners) keep.push_back(listener.socket.get());
        sys::close_descriptors_except(std::move(keep));
        return net::serve(std::move(network_.tap), plan.slirp, plan.resolvers,
                          net::ServeEnd(std::move(channel)),
                          {.listeners = std::move(plan.listeners), .pod_network = std::move(network_.pod)});
    });
    network_.end.emplace(std::move(ours));
    return pid;
}

pid_t Servers::start_published(NetworkPlan& plan) {
    network_.end.reset();
    auto [ours, theirs] = sys::Channel::make_pair();
    const pid_t pid = sys::fork_child("rpod:ports", [&, &channel = theirs] {
        std::vector<int> keep{network_.pod.get(), channel.fd()};
        for (const auto& listener : plan.listeners) keep.push_back(listener.socket.get());
        sys::close_descriptors_except(std::move(keep));
        return net::serve_ports(
            {.listeners = std::move(plan.listeners), .pod_network = std::move(network_.pod)}, plan.slirp,
            net::ServeEnd(std::move(channel)));
    });
    network_.end.emplace(std::move(ours));
    return pid;
}

void Servers::wait_network_ready() {
    while (network_.end && !network_.end->wait_ready()) {
        // Killed before it said anything.
        for (const auto& server : servers_) {
            if (server.role != "rpod:net" && server.role != "rpod:ports") continue;
            replace(server.pid, sys::wait_for(server.pid));
            break;
        }
    }
}

void Servers::answer_network() {
    const auto heard = network_.end->hear();
    // One that is gone is replaced when its end is known; one that is not ends when it sees this.
    if (heard == net::MonitorEnd::Heard::end) network_.end.reset();
    if (heard != net::MonitorEnd::Heard::ask_resolvers || !network_.plan->follows_host) return;
    try {
        auto resolvers = net::read_host_resolv_conf();
        // One that does not listen asks again.
        if (resolvers == network_.plan->resolvers || !network_.end->set_resolvers(resolvers)) return;
        network_.plan->resolvers = std::move(resolvers);
    } catch (const Error& e) {
        log::warn("hand the host's resolvers to rpod:net: {}", e.what());
    }
}

pid_t Servers::start_ports(AddedPort& added, const NetworkPlan& plan) {
    added.end.reset();
    auto [ours, theirs] = sys::Channel::make_pair();
    const pid_t pid = sys::fork_child("rpod:ports", [&, &channel = theirs] {
        sys::close_descriptors_except({network_.pod.get(), added.listener.socket.get(), channel.fd()});
        net::PublishedPorts ports{.listeners = {}, .pod_network = std::move(network_.pod)};
        if (added.listener.socket) ports.listeners.push_back(std::move(added.listener));
        return net::serve_ports(std::move(ports), plan.slirp, net::ServeEnd(std::move(channel)));
    });
    added.end.emplace(std::move(ours));
    return pid;
}

void Servers::add_port(const net::PortListener& listener, const NetworkPlan& plan) {
    if (!network_.pod) throw Error("the container has no network of its own whose ports could be published");
    auto copy = sys::duplicate(listener.socket.get());
    auto& added = network_.added.emplace_back();
    added.listener.socket = std::move(copy);
    added.listener.container_port = listener.container_port;
    added.listener.transport = listener.transport;
    add({.role = "rpod:ports",
         .start = [this, &added, &plan](bool) { return start_ports(added, plan); },
         .give_up = [&added] { added.end.reset(); },
         .pidfd = {}});
    // One that dies at once is replaced like any other.
    (void)added.end->wait_ready();
}

void Servers::forget_port(uint16_t container_port, net::Transport transport) {
    for (auto& added : network_.added) {
        if (added.listener.container_port == container_port && added.listener.transport == transport)
            added.listener.socket.reset();
    }
}

void Servers::end_network() {
    const auto serves_network = [](const Server& server) {
        return server.role == "rpod:net" || server.role == "rpod:ports";
    };
    network_.end.reset();
    joins_.end();
    for (const auto& server : servers_) {
        if (!serves_network(server) || !server.pidfd) continue;
        // Somebody else may have waited for it by now: only its pidfd still means it.
        sys::send_signal(server.pidfd.get(), SIGKILL);
        sys::wait_for_end(server.pidfd.get());
    }
    std::erase_if(servers_, serves_network);
}

void Servers::wait_readable(int fd) {
    for (;;) {
        std::vector<pollfd> fds{{.fd = fd, .events = POLLIN, .revents = 0}};
        for (const auto& server : servers_)
            fds.push_back({.fd = server.pidfd.get(), .events = POLLIN, .revents = 0});
        if (::poll(fds.data(), fds.size(), -1) < 0) {
            if (errno == EINTR) continue;
            throw SysError(errno, "wait for the container's first process");
        }
        if (fds[0].revents) return;
        for (size_t i = 0; i < servers_.size(); ++i) {
            if (fds[i + 1].revents) replace(servers_[i].pid, sys::wait_for(servers_[i].pid));
        }
    }
}

bool Servers::replace(pid_t pid, sys::ExitStatus status) {
    for (auto& server : servers_) {
        if (server.pid != pid) continue;
        server.pid = -1;
        server.pidfd.reset();
        if (!server.replaceable) {
            log::error("{} ended with {}: what it served is gone", server.role, status.shell_code());
            // One whose mount was taken down, after the container's end, ends well.
            lost_files_ = !status.ok();
            return true;
        }
        const auto now = Clock::now();
        if (now - server.counted_from > kDeathWindow) {
            server.counted_from = now;
            server.deaths = 0;
        }
        if (++server.deaths > kMaxDeaths) {
            log::error("{} ended with {} for the {}th time within a minute and is given up", server.role,
                       status.shell_code(), server.deaths);
            server.give_up();
            return true;
        }
        log::warn("{} ended with {}; another one takes its place", server.role, status.shell_code());
        run(server, true);
        return true;
    }
    return false;
}

}  // namespace rpod::runtime
