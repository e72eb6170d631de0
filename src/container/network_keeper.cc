// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/network_keeper.hh"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <list>

#include "base/error.hh"
#include "base/json.hh"
#include "base/log.hh"
#include "container/address_pool.hh"
#include "container/monitor.hh"
#include "container/network_names.hh"
#include "container/parse_network.hh"
#include "container/poll_set.hh"
#include "net/address.hh"
#include "net/tap.hh"
#include "runtime/network_join.hh"
#include "runtime/servers.hh"
#include "sys/file.hh"
#include "sys/namespace.hh"
#include "sys/process.hh"
#include "sys/unix_socket.hh"

namespace rpod::container {
namespace {

using runtime::JoinKind;

/// How often the end is tried where somebody held the lock, and names are sent to who has not read enough.
constexpr int kTryMs = 200;
constexpr size_t kMaxPods = 1023;  ///< what a bridge takes, without the tap
constexpr size_t kMaxAliases = 64;

uint32_t number(JoinKind kind) { return static_cast<uint32_t>(kind); }

/// A pod's connection.
struct Pod {
    sys::Channel channel;
    std::string id{}, name{};
    std::vector<std::string> aliases{};
    net::BridgePort port{};
    bool reserved = false, joined = false, gone = false;
};

struct Bridge {
    sys::Fd network;
    sys::Fd tap;
};

Bridge make_bridge(unsigned mtu, bool with_tap) {
    auto [ours, theirs] = sys::Channel::make_pair();
    auto maker = sys::clone_child(CLONE_NEWNET, "rpod:bridge", [&, &mine = ours, &channel = theirs] {
        mine.close();
        try {
            const auto tap = net::create_bridge_in_child(mtu, with_tap);
            channel.send(1, {}, tap ? std::vector<int>{tap.get()} : std::vector<int>{});
        } catch (const Error& e) {
            channel.send(0, runtime::failure_text(e));
        }
        (void)channel.receive();
        return 0;
    });
    theirs.close();
    Bridge bridge;
    auto answer = ours.receive();
    if (answer && answer->kind == 1)
        bridge.network = sys::open_namespace(sys::pid_in_proc(maker.pidfd.get()), CLONE_NEWNET);
    ours.close();
    sys::wait_for(maker.pid);
    if (!answer) throw Error("make the bridge: the process that makes it died");
    if (answer->kind != 1) throw runtime::to_error(answer->text);
    if (!answer->fds.empty()) bridge.tap = std::move(answer->fds[0]);
    return bridge;
}

MacAddress random_mac() {
    const auto digits = sys::random_hex(5);
    std::string text = "02";
    for (size_t i = 0; i < digits.size(); i += 2) text += ":" + digits.substr(i, 2);
    return parse_mac(text);
}

class Keeper {
  public:
    Keeper(KeeperJob& job, sys::Fd listener)
        : job_(job),
          listener_(std::move(listener)),
          bridge_(make_bridge(job.network.mtu(), !job.network.internal || job.network.dns)),
          pool_(job.network.name, job.network.subnet, job.network.range, job.network.gateway) {
        const auto& n = job.network;
        if (const auto last = net::parse_ipv4(sys::find_file(last_file()).value_or("")))
            pool_.go_on_after(*last);
        plan_.slirp.network = n.subnet.network;
        plan_.slirp.prefix_length = n.subnet.length;
        plan_.slirp.enable_ipv6 = false;
        plan_.slirp.mtu = n.mtu();
        plan_.slirp.own_gateway = n.gateway;
        plan_.slirp.internal = n.internal;
        if (n.dns) plan_.slirp.names = "";
        plan_.resolvers = job.resolvers;
        plan_.follows_host = !n.internal && n.servers.empty();
        if (!bridge_.tap) return;
        servers_.serve_bridge(std::move(bridge_.tap), plan_);
        servers_.wait_network_ready();
    }

    void run() {
        while (!pods_.empty() || !may_end()) turn();
    }

  private:
    /// Where nobody is about to connect; the lock is held until the process is gone.
    bool may_end() {
        // Never made anew: the network may be on its way out.
        auto lock = sys::find_at(AT_FDCWD, job_.paths.networks() / job_.network.id / "lock", O_RDWR);
        if (!lock) return true;
        end_lock_ = std::move(*lock);
        if (sys::try_lock(end_lock_.get(), sys::LockKind::exclusive)) return true;
        end_lock_.reset();
        return false;
    }

    void turn() {
        PollSet set;
        const auto ended = set.add(children_.fd(), POLLIN);
        const auto listener = set.add(listener_.get(), POLLIN);
        const int network_fd = servers_.network_fd();
        const auto network = set.add(network_fd, POLLIN);
        std::vector<std::pair<size_t, Pod*>> polled;
        for (auto& pod : pods_) polled.emplace_back(set.add(pod.channel.fd(), POLLIN), &pod);
        const int ready = ::poll(set.fds.data(), set.fds.size(), pods_.empty() || !names_told_ ? kTryMs : -1);
        if (ready < 0 && errno == EINTR) return;
        check(ready, "wait for events");
        for (const auto& [index, pod] : polled) {
            if (set.ready(index)) take_message(*pod);
        }
        pods_.remove_if([](const Pod& pod) { return pod.gone; });
        if (set.ready(network) && servers_.network_fd() == network_fd) servers_.answer_network();
        if (!names_told_) names_told_ = servers_.set_names(*plan_.slirp.names);
        if (set.ready(ended))
            children_.reap([&](pid_t pid, sys::ExitStatus status) { servers_.replace(pid, status); });
        if (!set.ready(listener)) return;
        if (auto channel = sys::accept_own(listener_.get()))
            pods_.push_back({.channel = *std::move(channel)});
    }

    void take_message(Pod& pod) {
        try {
            const auto packet = pod.channel.receive();
            if (!packet) return leave(pod);
            answer(pod, *packet);
        } catch (const Error& e) {
            log::info("network {}: {}", job_.network.name, e.what());
            if (!tell_failure(pod, e)) leave(pod);
        }
    }

    static bool tell_failure(const Pod& pod, const Error& e) {
        try {
            return pod.channel.try_send(number(JoinKind::failed), runtime::failure_text(e));
        } catch (const SysError&) {
            return false;  // it is gone
        }
    }

    void answer(Pod& pod, const sys::Packet& packet) {
        switch (static_cast<JoinKind>(packet.kind)) {
            case JoinKind::reserve:
                reserve(pod, packet.text);
                return pod.channel.send(number(JoinKind::reserved), endpoint(pod).dump());
            case JoinKind::join:
                if (!pod.reserved || packet.fds.size() != 1) return leave(pod);
                join(pod, packet.fds[0].get());
                return pod.channel.send(number(JoinKind::joined));
            case JoinKind::list: {
                auto all = json::Builder::array();
                for (const auto& p : pods_) {
                    if (p.joined && p.id == packet.text) all.push(endpoint(p));
                }
                return pod.channel.send(number(JoinKind::reserved), all.dump());
            }
            default:
                return leave(pod);
        }
    }

    json::Builder endpoint(const Pod& pod) const {
        auto out = json::Builder::object();
        out.set("id", pod.id).set("name", pod.name).set("address", net::to_string(pod.port.address));
        out.set("mac", mac_text(pod.port.mac)).set("interface", pod.port.interface);
        return out;
    }

    void reserve(Pod& pod, const std::string& text) {
        if (pod.reserved) throw Error("an address is reserved already");
        if (pods_.size() > kMaxPods) throw Error("no more than {} containers fit", kMaxPods);
        const auto v = json::Value::parse(text, "the request for an address");
        pod.id = v.at("id").as_string();
        pod.name = v.string_or("name");
        pod.aliases = v.strings_or_empty("aliases");
        if (pod.aliases.size() > kMaxAliases) throw Error("no more than {} aliases are taken", kMaxAliases);
        const auto ip = v.string_or("ip");
        pod.port.address = choose_address(ip.empty() ? std::nullopt : net::parse_ipv4(ip));
        const auto mac = v.string_or("mac");
        pod.port.mac = mac.empty() ? random_mac() : parse_mac(mac);
        pod.port.interface = v.at("interface").as_string();
        pod.port.mtu = job_.network.mtu();
        pod.port.prefix_length = job_.network.subnet.length;
        if (v.bool_or("default_route", true) && !job_.network.internal)
            pod.port.gateway = job_.network.gateway;
        pod.reserved = true;
    }

    std::filesystem::path last_file() const { return job_.paths.networks() / job_.network.id / "last"; }

    in_addr choose_address(std::optional<in_addr> wanted) {
        const auto address = pool_.take(wanted, [&](in_addr candidate) {
            return std::any_of(pods_.begin(), pods_.end(), [&](const Pod& p) {
                return p.reserved && p.port.address.s_addr == candidate.s_addr;
            });
        });
        if (const auto last = pool_.last(); last && !wanted) {
            // For the process that comes after one that was killed: the pods come back with what they had.
            sys::replace_file(last_file(), net::to_string(*last));
        }
        return address;
    }

    /// Runs in the bridge's network namespace, in a process of its own. @throws Error that it failed with
    template <class Step>
    void in_bridge(const Step& step) {
        auto [ours, theirs] = sys::Channel::make_pair();
        const pid_t pid = sys::fork_child("rpod:join", [&, &channel = theirs] {
            try {
                sys::join_namespace(bridge_.network.get(), CLONE_NEWNET);
                step();
                return 0;
            } catch (const Error& e) {
                channel.send(0, e.what());
            }
            return kExitFailed;
        });
        theirs.close();
        const auto failure = ours.receive();
        sys::wait_for(pid);
        if (failure) throw Error("{}", failure->text);
    }

    void disconnect(Pod& pod) {
        if (pod.port.port.empty()) return;
        in_bridge([&] { net::disconnect_port_in_child(pod.port.port); });
        pod.port.port.clear();
    }

    void join(Pod& pod, int pod_network) {
        disconnect(pod);  // the one of its last start
        pod.port.port = fmt::format("pod{}", ++ports_);
        in_bridge([&] { net::connect_pod_in_child(pod.port, pod_network); });
        pod.joined = true;
        publish_names();
    }

    void leave(Pod& pod) {
        pod.gone = true;
        try {
            disconnect(pod);
        } catch (const Error& e) {
            log::warn("network {}: {}", job_.network.name, e.what());
        }
        if (!pod.joined) return;
        pod.joined = false;
        publish_names();
    }

    void publish_names() {
        if (!job_.network.dns) return;
        std::vector<NamedPod> named;
        for (const auto& pod : pods_) {
            if (!pod.joined) continue;
            named.push_back({.id = pod.id,
                             .name = pod.name,
                             .address = net::to_string(pod.port.address),
                             .aliases = pod.aliases});
        }
        plan_.slirp.names = name_table_text(named);
        names_told_ = servers_.set_names(*plan_.slirp.names);
    }

    KeeperJob& job_;
    EndedChildren children_;  // before anything is forked
    sys::Fd listener_;
    Bridge bridge_;
    runtime::NetworkPlan plan_;
    runtime::Servers servers_;
    std::list<Pod> pods_;
    AddressPool pool_;
    unsigned ports_ = 0;  ///< made so far
    bool names_told_ = true;
    sys::Fd end_lock_;
};

}  // namespace

int run_network_keeper(KeeperJob& job, sys::Channel ready, int holder_fd) {
    const auto directory = job.paths.networks() / job.network.id;
    sys::Fd alive;
    try {
        leave_command({ready.fd(), holder_fd}, directory);
        for (int fd = 0; fd <= 2; ++fd) sys::point_at_null(fd);
        alive = lock_alive(directory, "network " + job.network.name);
        const auto run = sys::open_file(job.paths.run() / job.network.id, O_PATH | O_DIRECTORY);
        auto listener = sys::listen_at(run.get(), kNetworkSocket);
        Keeper keeper(job, std::move(listener));
        ready.send(number(JoinKind::reserved));
        ready.close();
        keeper.run();
    } catch (const Error& e) {
        log::error("network {}: {}", job.network.name, e.what());
        if (ready.fd() >= 0) ready.try_send(number(JoinKind::failed), runtime::failure_text(e));
        return kExitFailed;
    }
    return 0;
}

}  // namespace rpod::container
