// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/pod_world.hh"

#include <fcntl.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.hh"
#include "net/netlink.hh"
#include "net/serve.hh"
#include "net/tap.hh"
#include "sys/channel.hh"
#include "sys/file.hh"
#include "sys/namespace.hh"
#include "sys/process.hh"

namespace rpod::net::test {
namespace {

void enter_user_namespace() {
    const uid_t uid = ::getuid();
    const gid_t gid = ::getgid();
    check(::unshare(CLONE_NEWUSER | CLONE_NEWNET), "create the test's namespaces");
    sys::write_existing("/proc/self/setgroups", "deny");
    sys::write_existing("/proc/self/uid_map", fmt::format("0 {} 1", uid));
    sys::write_existing("/proc/self/gid_map", fmt::format("0 {} 1", gid));
}

void make_host() {
    enter_user_namespace();
    sys::write_existing("/proc/sys/net/ipv4/ping_group_range", "0 0");
    NetlinkBatch batch;
    batch.set_link_up(1);
    batch.add_address(1, *parse_ipv4("10.99.0.1"), 24);
    batch.add_address(1, *parse_ipv6("fd99::1"), 64);
    Netlink().run(batch);
}

std::string catching(const std::function<std::string()>& fn) {
    try {
        return fn();
    } catch (const Error& e) {
        return fmt::format("error: {}{}{}", e.what(), e.hint().empty() ? "" : "; ", e.hint());
    } catch (const std::exception& e) {
        return fmt::format("error: {}", e.what());
    }
}

enum Kind : uint32_t { kTap = 1, kGo = 2, kText = 3, kRestart = 4, kClient = 5 };

/// The pod's end of its channel to the host.
const sys::Channel* g_host = nullptr;

void hide_tun() {
    check(::unshare(CLONE_NEWNS), "create a mount namespace");
    check(::mount("none", "/dev/net", "tmpfs", 0, nullptr), "cover /dev/net");
}

void play_pod(const World& world, const sys::Channel& host) {
    const std::string text = catching([&] {
        check(::unshare(CLONE_NEWNET), "create the pod's network namespace");
        if (world.without_tun) hide_tun();
        const sys::Fd tap = create_tap_in_child(world.config, GroupRange{0, 0});
        host.send(kTap, "", {tap.get()});
        return std::string();
    });
    if (!text.empty()) return host.send(kText, text);
    if (!host.receive()) return;
    g_host = &host;
    host.send(kText, catching(world.pod));
}

/// An rpod:net, started by the host.
class Net {
  public:
    Net(const World& world, int tap, PublishedPorts& ports, sys::Channel& pod)
        : Net(sys::Channel::make_pair(), world, tap, ports, pod) {}
    ~Net() {
        if (pid_ >= 0) ::kill(pid_, SIGKILL);
        stop();
    }
    /// By EOF, as the monitor's death would. @return its exit code
    int stop() {
        control = MonitorEnd(sys::Channel(sys::Fd()));
        if (pid_ < 0) return 0;
        return sys::wait_for(std::exchange(pid_, -1)).shell_code();
    }

    MonitorEnd control;

  private:
    Net(std::pair<sys::Channel, sys::Channel> ends, const World& world, int tap, PublishedPorts& ports,
        sys::Channel& pod)
        : control(std::move(ends.first)) {
        pid_ = sys::fork_child("rpod:net", [&] {
            control = MonitorEnd(sys::Channel(sys::Fd()));
            pod.close();
            return serve(sys::Fd(check(::fcntl(tap, F_DUPFD_CLOEXEC, 3), "copy a descriptor")), world.config,
                         world.resolvers, ServeEnd(std::move(ends.second)), std::move(ports));
        });
        ends.second.close();
        if (!control.wait_ready()) throw Error("rpod:net died");
    }

    pid_t pid_ = -1;
};

/// The process with the host's servers, which may have threads.
class Servers {
  public:
    Servers(const World& world, const MonitorEnd& control, sys::Channel& pod) {
        auto ends = sys::Channel::make_pair();
        pid_ = sys::fork_child("test:servers", [&] {
            ends.first.close();
            pod.close();
            ends.second.send(kText, catching([&] { return world.host(control), std::string(); }));
            for (;;) ::pause();
            return 0;
        });
        ends.second.close();
        const auto packet = ends.first.receive();
        if (!packet || !packet->text.empty()) throw Error("{}", packet ? packet->text : "the servers died");
    }
    ~Servers() {
        ::kill(pid_, SIGKILL);
        sys::wait_for(pid_);
    }

  private:
    pid_t pid_ = -1;
};

std::string play_client(const World& world, sys::Channel& pod) {
    auto ends = sys::Channel::make_pair();
    const pid_t client = sys::fork_child("test:client", [&] {
        ends.first.close();
        pod.close();
        ends.second.send(kText, catching(world.client));
        return 0;
    });
    ends.second.close();
    const auto packet = ends.first.receive();
    sys::wait_for(client);
    return packet ? packet->text : "error: the client died";
}

PublishedPorts publish(const World& world, pid_t pod) {
    if (world.publish.empty()) return {};
    auto wanted = world.publish;
    return {.listeners = open_listeners(wanted, LowPorts::refuse),
            .pod_network = sys::open_namespace(pod, CLONE_NEWNET)};
}

std::string play_host(const World& world) {
    make_host();
    auto [ours, theirs] = sys::Channel::make_pair();
    const pid_t pod = sys::fork_child("test:pod", [&, &ours = ours, pod_end = &theirs] {
        ours.close();
        play_pod(world, *pod_end);
        return 0;
    });
    theirs.close();
    auto packet = ours.receive();
    if (!packet || packet->kind != kTap) return packet ? packet->text : "error: the pod died early";
    const sys::Fd tap = std::move(packet->fds.at(0));
    auto ports = publish(world, pod);
    auto net = std::make_unique<Net>(world, tap.get(), ports, ours);
    auto servers = std::make_unique<Servers>(world, net->control, ours);
    ours.send(kGo);
    while ((packet = ours.receive()) && packet->kind != kText) {
        if (packet->kind == kClient) {
            ours.send(kText, play_client(world, ours));
            continue;
        }
        net.reset();
        net = std::make_unique<Net>(world, tap.get(), ports, ours);
        ours.send(kGo);
    }
    servers.reset();
    const int code = net->stop();
    sys::wait_for(pod);
    if (code != 0) return fmt::format("error: rpod:net ended with {}", code);
    return packet ? packet->text : "error: the pod died";
}

sys::Fd open_socket(const Endpoint& at, int type) {
    const int family = at.family();
    sys::Fd socket(check(::socket(family, type | SOCK_CLOEXEC, 0), "open a socket"));
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return socket;
}

sys::Fd bind_socket(const Endpoint& at, int type) {
    sys::Fd socket = open_socket(at, type);
    check(::bind(socket.get(), at.get(), at.size), "bind");
    return socket;
}

bool send_all(int socket, std::string_view data) {
    while (!data.empty()) {
        const ssize_t n = ::send(socket, data.data(), data.size(), MSG_NOSIGNAL);
        if (n <= 0) return false;
        data.remove_prefix(static_cast<size_t>(n));
    }
    return true;
}

bool readable(int fd, int timeout_ms) {
    pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, timeout_ms) == 1;
}

}  // namespace

std::string why_no_world() {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 ? 0 : 1);
    return sys::wait_for(child).ok() ? "" : "user namespaces cannot be made here";
}

std::string why_no_tun() {
    return ::access("/dev/net/tun", R_OK | W_OK) == 0 ? "" : "/dev/net/tun is missing or closed to us";
}

std::string run(const World& world) {
    auto [ours, theirs] = sys::Channel::make_pair();
    const pid_t host = sys::fork_child("test:host", [&, &ours = ours, end = &theirs] {
        ours.close();
        end->send(kText, catching([&] { return play_host(world); }));
        return 0;
    });
    theirs.close();
    const auto packet = ours.receive();
    sys::wait_for(host);
    return packet ? packet->text : "error: the host died";
}

void restart_net() {
    g_host->send(kRestart);
    g_host->receive();
}

std::string ask_client() {
    g_host->send(kClient);
    const auto packet = g_host->receive();
    return packet ? packet->text : "error: the host died";
}

void start_tcp_server(const Endpoint& at, Answer answer) {
    auto listener = std::make_shared<sys::Fd>(bind_socket(at, SOCK_STREAM));
    check(::listen(listener->get(), 64), "listen");
    std::thread([listener, answer] {
        for (;;) {
            auto peer = std::make_shared<sys::Fd>(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
            std::thread([peer, answer] {
                std::vector<char> buffer(256 << 10);
                ssize_t n;
                while ((n = ::read(peer->get(), buffer.data(), buffer.size())) > 0) {
                    if (!send_all(peer->get(), answer({buffer.data(), static_cast<size_t>(n)}))) return;
                }
            }).detach();
        }
    }).detach();
}

void start_tcp_hangup(const Endpoint& at) {
    auto listener = std::make_shared<sys::Fd>(bind_socket(at, SOCK_STREAM));
    check(::listen(listener->get(), 64), "listen");
    std::thread([listener] {
        for (;;) {
            const sys::Fd peer(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
            char byte;
            [[maybe_unused]] const ssize_t n = ::read(peer.get(), &byte, 1);
            const linger at_once{.l_onoff = 1, .l_linger = 0};
            ::setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        }
    }).detach();
}

void start_udp_server(const Endpoint& at, Answer answer) {
    auto socket = std::make_shared<sys::Fd>(bind_socket(at, SOCK_DGRAM));
    std::thread([socket, answer] {
        std::vector<char> buffer(64 << 10);
        for (;;) {
            Endpoint peer;
            peer.size = sizeof peer.storage;
            const ssize_t n = ::recvfrom(socket->get(), buffer.data(), buffer.size(), 0,
                                         reinterpret_cast<sockaddr*>(&peer.storage), &peer.size);
            if (n < 0) continue;
            const std::string text = answer({buffer.data(), static_cast<size_t>(n)});
            if (!text.empty()) ::sendto(socket->get(), text.data(), text.size(), 0, peer.get(), peer.size);
        }
    }).detach();
}

std::string ask_tcp(const Endpoint& server, std::string_view data, int timeout_ms, size_t want) {
    const sys::Fd socket = open_socket(server, SOCK_STREAM);
    if (::connect(socket.get(), server.get(), server.size) < 0) {
        return fmt::format("error: connect: {}", std::strerror(errno));
    }
    std::thread sender([&] { send_all(socket.get(), data); });
    if (want == 0) want = data.size();
    std::string answer;
    std::vector<char> buffer(256 << 10);
    while (answer.size() < want && readable(socket.get(), timeout_ms)) {
        const ssize_t n = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
        if (n <= 0) break;
        answer.append(buffer.data(), static_cast<size_t>(n));
    }
    ::shutdown(socket.get(), SHUT_RDWR);
    sender.join();
    return answer;
}

std::string ask_udp(const Endpoint& server, std::string_view data, int timeout_ms) {
    const sys::Fd socket = open_socket(server, SOCK_DGRAM);
    if (::connect(socket.get(), server.get(), server.size) < 0 ||
        ::send(socket.get(), data.data(), data.size(), 0) < 0) {
        return fmt::format("error: send: {}", std::strerror(errno));
    }
    if (!readable(socket.get(), timeout_ms)) return "error: no answer";
    std::string answer(64 << 10, '\0');
    const ssize_t n = ::recv(socket.get(), answer.data(), answer.size(), 0);
    if (n < 0) return fmt::format("error: receive: {}", std::strerror(errno));
    answer.resize(static_cast<size_t>(n));
    return answer;
}

bool ping(const Endpoint& target, int timeout_ms) {
    const bool v4 = target.family() == AF_INET;
    const sys::Fd socket(check(
        ::socket(target.family(), SOCK_DGRAM | SOCK_CLOEXEC, v4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6}),
        "open an ICMP socket"));
    uint8_t request[16] = {};
    request[0] = v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
    if (::sendto(socket.get(), request, sizeof request, 0, target.get(), target.size) < 0) return false;
    if (!readable(socket.get(), timeout_ms)) return false;
    uint8_t answer[64];
    const ssize_t n = ::recv(socket.get(), answer, sizeof answer, 0);
    return n == sizeof request && answer[0] == (v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY);
}

}  // namespace rpod::net::test
