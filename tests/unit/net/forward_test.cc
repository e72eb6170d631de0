// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// Published ports of a pod, used from the host's network, through a whole rpod:net.
#include "net/forward.hh"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/error.hh"
#include "net/event_loop.hh"
#include "net/forward_tcp.hh"
#include "net/pod_world.hh"
#include "sys/rlimit.hh"

namespace rpod::net::test {
namespace {

Endpoint v4(const char* address, uint16_t port) { return Endpoint::of(*parse_ipv4(address), port); }
Endpoint v6(const char* address, uint16_t port) { return Endpoint::of(*parse_ipv6(address), port); }
std::string echo(std::string_view text) { return std::string(text); }

PortMapping port(uint16_t outside, uint16_t inside, Transport transport = Transport::tcp,
                 std::string ip = {}) {
    return {.host_ip = std::move(ip),
            .host_port = outside,
            .container_port = inside,
            .range = 1,
            .transport = transport};
}

sys::Fd connect_to(const Endpoint& at) {
    sys::Fd socket(check(::socket(at.family(), SOCK_STREAM | SOCK_CLOEXEC, 0), "open a socket"));
    check(::connect(socket.get(), at.get(), at.size), "connect");
    return socket;
}

sys::Fd listen_at(const Endpoint& at) {
    sys::Fd socket(check(::socket(at.family(), SOCK_STREAM | SOCK_CLOEXEC, 0), "open a socket"));
    const int on = 1;
    check(::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "reuse an address");
    check(::bind(socket.get(), at.get(), at.size), "bind");
    check(::listen(socket.get(), 1024), "listen");
    return socket;
}

/// Serves one connection after the other, in a thread.
template <class Fn>
void serve_each(const Endpoint& at, Fn fn) {
    auto listener = std::make_shared<sys::Fd>(listen_at(at));
    std::thread([listener, fn] {
        for (;;) fn(sys::Fd(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC)));
    }).detach();
}

/// Echoes for any number of connections at once.
void serve_many(const Endpoint& at) {
    auto listener = std::make_shared<sys::Fd>(listen_at(at));
    std::thread([listener] {
        std::vector<sys::Fd> peers;
        for (;;) {
            std::vector<pollfd> fds{{.fd = listener->get(), .events = POLLIN, .revents = 0}};
            for (const auto& peer : peers) fds.push_back({.fd = peer.get(), .events = POLLIN, .revents = 0});
            ::poll(fds.data(), fds.size(), -1);
            char buffer[4096];
            for (size_t i = peers.size(); i > 0; --i) {
                if (!fds[i].revents) continue;
                const ssize_t n = ::recv(fds[i].fd, buffer, sizeof buffer, 0);
                if (n <= 0 || ::send(fds[i].fd, buffer, static_cast<size_t>(n), MSG_NOSIGNAL) != n)
                    peers.erase(peers.begin() + static_cast<ptrdiff_t>(i) - 1);
            }
            if (fds[0].revents)
                peers.emplace_back(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
        }
    }).detach();
}

void linger_none(int socket) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

/// What comes until the other side ends; what recv(2) fails with is appended.
std::string read_to_end(int socket) {
    std::string out;
    std::vector<char> buffer(256 << 10);
    ssize_t n;
    while ((n = ::recv(socket, buffer.data(), buffer.size(), 0)) > 0)
        out.append(buffer.data(), static_cast<size_t>(n));
    return n < 0 ? out + " errno " + std::to_string(errno) : out;
}

size_t count_to_end(int socket) {
    size_t total = 0;
    std::vector<char> buffer(256 << 10);
    for (ssize_t n; (n = ::recv(socket, buffer.data(), buffer.size(), 0)) > 0;)
        total += static_cast<size_t>(n);
    return total;
}

void send_all(int socket, std::string_view data) {
    while (!data.empty()) {
        data.remove_prefix(
            static_cast<size_t>(check(::send(socket, data.data(), data.size(), MSG_NOSIGNAL), "send")));
    }
}

class PublishedPort : public testing::Test {
  protected:
    void SetUp() override {
        static const std::string reason = why_no_world();
        if (!reason.empty()) GTEST_SKIP() << reason;
    }
};

TEST_F(PublishedPort, LeadsIntoThePod) {
    World world;
    world.publish = {port(8000, 7), port(8001, 7, Transport::udp),
                     port(8002, 7, Transport::tcp, "10.99.0.1")};
    world.pod = [] {
        start_tcp_server(v4("0.0.0.0", 7), echo);
        start_udp_server(v4("0.0.0.0", 7), echo);
        return ask_client();
    };
    world.client = [] {
        return ask_tcp(v4("127.0.0.1", 8000), "a") + ask_tcp(v6("::1", 8000), "b") +
               ask_tcp(v6("fd99::1", 8000), "c") + ask_tcp(v4("10.99.0.1", 8002), "d") +
               ask_tcp(v4("127.0.0.1", 8002), "x").substr(0, 6) +
               // A connected socket takes answers from where it sent to only.
               ask_udp(v4("127.0.0.1", 8001), "e") + ask_udp(v4("10.99.0.1", 8001), "f") +
               ask_udp(v4("127.0.0.9", 8001), "g") + ask_udp(v6("::1", 8001), "h") +
               ask_udp(v6("fd99::1", 8001), "i");
    };
    EXPECT_EQ(run(world), "abcderror:efghi");
}

TEST_F(PublishedPort, FindsServicesOfIpv6Alone) {
    World world;
    world.publish = {port(8000, 7), port(8001, 7, Transport::udp)};
    world.pod = [] {
        start_tcp_server(v6("fd00::100", 7), echo);
        start_udp_server(v6("fd00::100", 7), echo);
        return ask_client();
    };
    world.client = [] {
        // Of UDP the first datagram is lost: it finds nobody at the other address.
        ask_udp(v4("127.0.0.1", 8001), "lost", 200);
        return ask_tcp(v4("127.0.0.1", 8000), "x") + ask_udp(v4("127.0.0.1", 8001), "y");
    };
    EXPECT_EQ(run(world), "xy");
}

TEST_F(PublishedPort, LeavesTheLoopbackPrivateAndShowsNoLocalPeer) {
    World world;
    world.publish = {port(8000, 7), port(8001, 8)};
    world.pod = [] {
        start_tcp_server(v4("127.0.0.1", 7), echo);
        serve_each(v4("0.0.0.0", 8), [](sys::Fd peer) {
            Endpoint from;
            from.size = sizeof from.storage;
            ::getpeername(peer.get(), reinterpret_cast<sockaddr*>(&from.storage), &from.size);
            send_all(peer.get(), to_string(reinterpret_cast<const sockaddr_in&>(from.storage).sin_addr));
        });
        return ask_client();
    };
    world.client = [] {
        return ask_tcp(v4("127.0.0.1", 8000), "x", 500) +
               read_to_end(connect_to(v4("127.0.0.1", 8001)).get());
    };
    EXPECT_EQ(run(world), "10.0.2.100");
}

TEST_F(PublishedPort, PassesEndsOfEitherSideOn) {
    World world;
    world.publish = {port(8000, 7), port(8001, 8)};
    world.pod = [] {
        // Answers when the client has ended.
        serve_each(v4("0.0.0.0", 7),
                   [](sys::Fd peer) { send_all(peer.get(), std::to_string(count_to_end(peer.get()))); });
        // Ends at once, and listens on.
        static std::string heard;
        serve_each(v4("0.0.0.0", 8), [](sys::Fd peer) {
            send_all(peer.get(), "bye ");
            ::shutdown(peer.get(), SHUT_WR);
            heard = read_to_end(peer.get());
        });
        const auto answer = ask_client();
        for (int i = 0; i < 100 && heard.empty(); ++i) ::poll(nullptr, 0, 20);
        return answer + heard;
    };
    world.client = [] {
        const auto first = connect_to(v4("127.0.0.1", 8000));
        send_all(first.get(), std::string(3'000'000, 'x'));
        ::shutdown(first.get(), SHUT_WR);
        const auto second = connect_to(v4("127.0.0.1", 8001));
        auto out = read_to_end(first.get()) + " " + read_to_end(second.get());
        send_all(second.get(), "heard");
        return out;
    };
    EXPECT_EQ(run(world), "3000000 bye heard");
}

TEST_F(PublishedPort, PassesOnWhatWasSaidBeforeAReset) {
    World world;
    world.publish = {port(8000, 7)};
    world.pod = [] {
        // Bytes that it did not read make its end a reset.
        serve_each(v4("0.0.0.0", 7), [](sys::Fd peer) {
            char byte;
            ::recv(peer.get(), &byte, 1, MSG_PEEK);
            send_all(peer.get(), "bye");
        });
        return ask_client();
    };
    world.client = [] {
        std::string out;
        for (int i = 0; i < 50; ++i) {
            const auto socket = connect_to(v4("127.0.0.1", 8000));
            send_all(socket.get(), "unread");
            const auto heard = read_to_end(socket.get());
            if (!heard.starts_with("bye")) out += fmt::format("{}: '{}' ", i, heard);
        }
        return out;
    };
    EXPECT_EQ(run(world), "");
}

TEST_F(PublishedPort, PassesResetsOn) {
    World world;
    world.publish = {port(8000, 7), port(8001, 8), port(8002, 9)};
    world.pod = [] {
        start_tcp_hangup(v4("0.0.0.0", 7));
        static std::string seen;
        serve_each(v4("0.0.0.0", 8), [](sys::Fd peer) {
            send_all(peer.get(), "go");
            seen = read_to_end(peer.get());
        });
        const auto answer = ask_client();
        for (int i = 0; i < 100 && seen.empty(); ++i) ::poll(nullptr, 0, 20);
        return answer + seen;
    };
    world.client = [] {
        const auto hung_up = connect_to(v4("127.0.0.1", 8000));
        send_all(hung_up.get(), "x");
        auto out = read_to_end(hung_up.get());
        {
            const auto ours = connect_to(v4("127.0.0.1", 8001));
            char go[2];
            ::recv(ours.get(), go, sizeof go, MSG_WAITALL);
            linger_none(ours.get());
        }
        // Nobody listens there.
        return out + read_to_end(connect_to(v4("127.0.0.1", 8002)).get());
    };
    const auto reset = " errno " + std::to_string(ECONNRESET);
    EXPECT_EQ(run(world), reset + reset + reset);
}

TEST_F(PublishedPort, MakesASenderWaitForAReaderThatDoesNot) {
    World world;
    world.publish = {port(8000, 7)};
    constexpr size_t kTotal = 96 << 20;
    world.pod = [] {
        serve_each(v4("0.0.0.0", 7), [](sys::Fd peer) {
            ::poll(nullptr, 0, 700);
            send_all(peer.get(), std::to_string(count_to_end(peer.get())));
        });
        return ask_client();
    };
    world.client = [] {
        const auto socket = connect_to(v4("127.0.0.1", 8000));
        const std::string data(1 << 20, 'x');
        size_t sent = 0;
        for (int i = 0; i < 50; ++i) {
            ssize_t n;
            while (sent < kTotal &&
                   (n = ::send(socket.get(), data.data(), std::min(data.size(), kTotal - sent),
                               MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
                sent += static_cast<size_t>(n);
            ::poll(nullptr, 0, 10);
        }
        if (sent > kTotal / 2) return fmt::format("{} bytes went before anybody read", sent);
        for (; sent < kTotal; sent += std::min(data.size(), kTotal - sent))
            send_all(socket.get(), data.substr(0, std::min(data.size(), kTotal - sent)));
        ::shutdown(socket.get(), SHUT_WR);
        return read_to_end(socket.get());
    };
    EXPECT_EQ(run(world), std::to_string(kTotal));
}

TEST_F(PublishedPort, MovesMegabytesUnchanged) {
    World world;
    world.publish = {port(8000, 7)};
    world.pod = [] {
        start_tcp_server(v4("0.0.0.0", 7), echo);
        return ask_client();
    };
    world.client = [] {
        // Sizes on both sides of where pipes begin, one after the other in one connection and many at once.
        std::string data(16 << 20, '\0');
        for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i * 2654435761u >> 13);
        const auto socket = connect_to(v4("127.0.0.1", 8000));
        for (const size_t size : {size_t{1}, size_t{100'000}, size_t{10}, size_t{3'000'000}, size_t{5'000}}) {
            const auto sent = data.substr(size, size);
            std::thread sender([&] { send_all(socket.get(), sent); });
            std::string answer(size, '\0');
            ::recv(socket.get(), answer.data(), size, MSG_WAITALL);
            sender.join();
            if (answer != sent) return fmt::format("{} bytes differ", size);
        }
        std::vector<std::thread> threads;
        std::atomic<int> same = 0;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] { same += ask_tcp(v4("127.0.0.1", 8000), data) == data; });
        for (auto& thread : threads) thread.join();
        return std::to_string(same);
    };
    EXPECT_EQ(run(world), "4");
}

TEST_F(PublishedPort, CarriesAThousandConnectionsAtOnce) {
    if (sys::current_rlimit(RLIMIT_NOFILE).hard < 4096)
        GTEST_SKIP() << "fewer than 4096 open files are allowed";
    World world;
    world.publish = {port(8000, 7)};
    world.pod = [] {
        sys::raise_open_files();
        serve_many(v4("0.0.0.0", 7));
        return ask_client();
    };
    world.client = [] {
        sys::raise_open_files();
        std::vector<sys::Fd> sockets;
        for (int i = 0; i < 1000; ++i) sockets.push_back(connect_to(v4("127.0.0.1", 8000)));
        int good = 0;
        for (int round = 0; round < 3; ++round) {
            for (size_t i = 0; i < sockets.size(); ++i) send_all(sockets[i].get(), fmt::format("{:08}", i));
            for (size_t i = 0; i < sockets.size(); ++i) {
                char answer[8];
                const auto n = ::recv(sockets[i].get(), answer, sizeof answer, MSG_WAITALL);
                good += n == 8 && std::string_view(answer, 8) == fmt::format("{:08}", i);
            }
        }
        return std::to_string(good);
    };
    EXPECT_EQ(run(world), "3000");
}

TEST(TcpForwarder, LeavesDescriptorsToThePodsOwnConnections) {
    const auto limit = sys::current_rlimit(RLIMIT_NOFILE);
    sys::set_rlimit(RLIMIT_NOFILE, {.soft = 64, .hard = limit.hard});
    const EventSet events;
    TcpForwarder forwarder(events, {.v4 = *parse_ipv4("127.0.0.2"), .v6 = {}});
    sys::set_rlimit(RLIMIT_NOFILE, limit);
    constexpr size_t kMost = 16;

    std::vector<PortMapping> service{port(0, 1, Transport::tcp, "127.0.0.2")};
    const auto pod = open_listeners(service, LowPorts::refuse);
    std::vector<PortMapping> ports{port(0, service[0].host_port, Transport::tcp, "127.0.0.1")};
    forwarder.add(std::move(open_listeners(ports, LowPorts::refuse)[0]));
    std::vector<sys::Fd> clients, accepted;
    for (size_t i = 0; i < kMost + 4; ++i) clients.push_back(connect_to(v4("127.0.0.1", ports[0].host_port)));
    const auto run_turns = [&] {
        for (int i = 0; i < 20; ++i) {
            forwarder.end_turn();
            events.dispatch(2);
        }
        for (;;) {
            sys::Fd peer(::accept4(pod[0].socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!peer) return accepted.size();
            accepted.push_back(std::move(peer));
        }
    };
    EXPECT_EQ(run_turns(), kMost);
    linger_none(clients.front().get());
    clients.erase(clients.begin());
    EXPECT_EQ(run_turns(), kMost + 1);
}

TEST_F(PublishedPort, IsKeptWhenRpodNetIsStartedAgain) {
    World world;
    world.publish = {port(8000, 7), port(8001, 7, Transport::udp)};
    world.pod = [] {
        start_tcp_server(v4("0.0.0.0", 7), echo);
        start_udp_server(v4("0.0.0.0", 7), echo);
        auto out = ask_client();
        restart_net();
        return out + ask_client();
    };
    world.client = [] { return ask_tcp(v4("127.0.0.1", 8000), "t") + ask_udp(v4("127.0.0.1", 8001), "u"); };
    EXPECT_EQ(run(world), "tutu");
}

}  // namespace
}  // namespace rpod::net::test
