// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/dns_tcp.hh"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "base/error.hh"
#include "base/log.hh"
#include "net/clock.hh"

namespace rpod::net {
namespace {

constexpr uint16_t kDnsPort = 53;
constexpr int kIdleMs = 30'000;

/// @return whether the source may still have something to say
template <class Flow>
bool fill(Flow& flow, int source) {
    if (flow.begin == flow.end) flow.begin = flow.end = 0;
    if (flow.end == flow.data.size()) return true;
    const ssize_t n = ::recv(source, flow.data.data() + flow.end, flow.data.size() - flow.end, 0);
    if (n > 0)
        flow.end += static_cast<size_t>(n);
    else if (n == 0)
        flow.closed = true;
    else if (errno != EAGAIN && errno != EINTR)
        return false;
    return true;
}

template <class Flow>
bool drain(Flow& flow, int destination) {
    if (flow.begin < flow.end) {
        const ssize_t n =
            ::send(destination, flow.data.data() + flow.begin, flow.end - flow.begin, MSG_NOSIGNAL);
        if (n > 0)
            flow.begin += static_cast<size_t>(n);
        else if (n < 0 && errno != EAGAIN && errno != EINTR)
            return false;
    }
    if (flow.closed && !flow.passed_on && flow.begin == flow.end) {
        ::shutdown(destination, SHUT_WR);
        flow.passed_on = true;
    }
    return true;
}

/// A query that begins near the end of the buffer must find the room for its end.
template <class Flow>
void make_room(Flow& flow) {
    if (flow.begin == 0) return;
    std::copy(flow.data.begin() + static_cast<ptrdiff_t>(flow.begin),
              flow.data.begin() + static_cast<ptrdiff_t>(flow.end), flow.data.begin());
    flow.end -= flow.begin;
    flow.begin = 0;
}

template <class Flow>
bool has_room(const Flow& flow) {
    return !flow.closed && (flow.end < flow.data.size() || flow.begin == flow.end);
}

}  // namespace

DnsTcp::DnsTcp(const SlirpConfig& config, Resolvers& resolvers, const SlirpStack& slirp)
    : resolvers_(resolvers), slirp_(slirp) {
    listen(Endpoint::of(in_addr{htonl(INADDR_LOOPBACK)}, 0), TcpEnd::of(config.dns_address(), kDnsPort));
    if (!config.enable_ipv6) return;
    try {
        listen(Endpoint::of(in6addr_loopback, 0), TcpEnd::of(SlirpConfig::dns_address6(), kDnsPort));
    } catch (const SysError& e) {
        log::debug("dns: no TCP over IPv6: {}", e.what());
    }
}

void DnsTcp::listen(const Endpoint& loopback, const TcpEnd& dns) {
    Listener listener;
    listener.socket = sys::Fd(check(
        ::socket(loopback.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "open a socket for DNS"));
    check(::bind(listener.socket.get(), loopback.get(), loopback.size), "bind a loopback port for DNS");
    check(::listen(listener.socket.get(), kMaxConnections), "listen for DNS");
    Endpoint bound;
    bound.size = sizeof bound.storage;
    check(::getsockname(listener.socket.get(), reinterpret_cast<sockaddr*>(&bound.storage), &bound.size),
          "find the port for DNS");
    listener.local = loopback.family() == AF_INET ? TcpEnd::of(in_addr{htonl(INADDR_LOOPBACK)}, bound.port())
                                                  : TcpEnd::of(in6addr_loopback, bound.port());
    listener.virtual_ = dns;
    listeners_.push_back(std::move(listener));
}

const DnsTcp::Listener* DnsTcp::listener_of(int family) const {
    const size_t index = family == AF_INET ? 0 : 1;
    return index < listeners_.size() ? &listeners_[index] : nullptr;
}

bool DnsTcp::readdress_outward(std::span<uint8_t> frame, const IpFrame& ip) const {
    const Listener* listener = listener_of(ip.family);
    if (!listener || !has_tcp_end(ip, Side::destination, listener->virtual_)) return false;
    rewrite_tcp_end(frame, ip.family, Side::destination, listener->local);
    return true;
}

std::optional<Bytes> DnsTcp::readdress_inward(Bytes frame) {
    const auto ip = parse_ip(frame);
    const Listener* listener = ip ? listener_of(ip->family) : nullptr;
    if (!listener || !has_tcp_end(*ip, Side::source, listener->local)) return std::nullopt;
    copy_.assign(frame.begin(), frame.end());
    rewrite_tcp_end(copy_, ip->family, Side::source, listener->virtual_);
    return copy_;
}

void DnsTcp::accept(const Listener& listener) {
    Endpoint peer;
    peer.size = sizeof peer.storage;
    sys::Fd socket(::accept4(listener.socket.get(), reinterpret_cast<sockaddr*>(&peer.storage), &peer.size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket || !slirp_.has_socket_at(peer)) return;
    if (connections_.size() >= kMaxConnections) connections_.erase(connections_.begin());
    auto connection = std::make_unique<Connection>();
    connection->pod = std::move(socket);
    connection->next_resolver = resolvers_.start();
    connection->local = names_ != nullptr;
    if (connection->local) connection->deadline_ms = now_ms() + kIdleMs;
    if (connection->local || connect_next(*connection)) connections_.push_back(std::move(connection));
}

bool DnsTcp::connect_next(Connection& connection) const {
    while (connection.tried < resolvers_.size()) {
        ++connection.tried;
        const Endpoint& server = resolvers_.at(connection.next_resolver++);
        sys::Fd socket(::socket(server.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (!socket) continue;
        if (::connect(socket.get(), server.get(), server.size) < 0 && errno != EINPROGRESS) continue;
        connection.resolver = std::move(socket);
        connection.resolver_index = SIZE_MAX;
        connection.deadline_ms = now_ms() + resolvers_.try_ms();
        return true;
    }
    return false;
}

int DnsTcp::register_sockets(PollSet& poll) {
    for (Listener& listener : listeners_) listener.poll_index = poll.add(listener.socket.get(), POLLIN);
    if (connections_.empty()) return -1;
    int64_t deadline = INT64_MAX;
    for (const auto& c : connections_) {
        deadline = std::min(deadline, c->deadline_ms);
        if (c->local) {
            c->resolver_index = SIZE_MAX;
            const bool asks = has_room(c->query) && c->answer.begin == c->answer.end;
            c->pod_index = poll.add(c->pod.get(), asks ? POLLIN : POLLOUT);
            continue;
        }
        if (!c->connected) {
            c->pod_index = SIZE_MAX;
            c->resolver_index = poll.add(c->resolver.get(), POLLOUT);
            continue;
        }
        const auto events = [](const Flow& in, const Flow& out) {
            return static_cast<short>((has_room(in) ? POLLIN : 0) | (out.begin < out.end ? POLLOUT : 0));
        };
        c->pod_index = poll.add(c->pod.get(), events(c->query, c->answer));
        c->resolver_index = poll.add(c->resolver.get(), events(c->answer, c->query));
    }
    return static_cast<int>(std::clamp<int64_t>(deadline - now_ms(), 0, INT32_MAX));
}

void DnsTcp::handle_sockets(const PollSet& poll) {
    if (!connections_.empty()) {
        const int64_t now = now_ms();
        std::erase_if(connections_, [&](const auto& c) { return !advance(*c, poll, now); });
    }
    for (const Listener& listener : listeners_) {
        if (poll.revents(listener.poll_index)) accept(listener);
    }
}

/// Takes whole queries out of the flow, as long as they are for names of ours; the first other one, and what
/// follows it, is a resolver's.
bool DnsTcp::advance_local(Connection& c, short ready, int64_t now) const {
    if (!ready) return now < c.deadline_ms;
    if (ready & POLLERR) return false;
    c.deadline_ms = now + kIdleMs;
    make_room(c.query);
    if (!c.query.closed && !fill(c.query, c.pod.get())) return false;
    auto& answer = c.answer;
    if (answer.begin < answer.end && !drain(answer, c.pod.get())) return false;
    while (answer.begin == answer.end && c.query.end - c.query.begin >= 2) {
        const uint8_t* at = c.query.data.data() + c.query.begin;
        const size_t size = static_cast<size_t>(at[0] << 8 | at[1]);
        const bool whole = c.query.end - c.query.begin >= 2 + size;
        if (!whole && size + 2 <= c.query.data.size() && !c.query.closed) break;
        const auto known = whole && names_ ? names_->answer({at + 2, size}) : std::nullopt;
        if (!known || known->size() + 2 > answer.data.size()) {
            c.local = false;
            return connect_next(c);
        }
        answer.data[0] = static_cast<uint8_t>(known->size() >> 8);
        answer.data[1] = static_cast<uint8_t>(known->size());
        std::copy(known->begin(), known->end(), answer.data.begin() + 2);
        answer.begin = 0;
        answer.end = known->size() + 2;
        c.query.begin += 2 + size;
        if (!drain(answer, c.pod.get())) return false;
    }
    return !c.query.closed || answer.begin < answer.end;
}

bool DnsTcp::advance(Connection& c, const PollSet& poll, int64_t now) {
    const auto events = [&](size_t& index) {
        const size_t at = std::exchange(index, SIZE_MAX);
        return at == SIZE_MAX ? short{0} : poll.revents(at);
    };
    const short pod_ready = events(c.pod_index);
    const short resolver_ready = events(c.resolver_index);
    if (c.local) return advance_local(c, pod_ready, now);
    if (!c.connected) {
        if (resolver_ready) {
            int err = 0;
            socklen_t size = sizeof err;
            ::getsockopt(c.resolver.get(), SOL_SOCKET, SO_ERROR, &err, &size);
            if (err != 0) return connect_next(c);
            c.connected = true;
            c.deadline_ms = now + kIdleMs;
        } else if (now >= c.deadline_ms) {
            return connect_next(c);
        }
        return true;
    }
    if (!pod_ready && !resolver_ready) return now < c.deadline_ms;
    if ((pod_ready | resolver_ready) & POLLERR) return false;
    c.deadline_ms = now + kIdleMs;
    const bool alive = (!pod_ready || c.query.closed || fill(c.query, c.pod.get())) &&
                       (!resolver_ready || c.answer.closed || fill(c.answer, c.resolver.get())) &&
                       drain(c.query, c.resolver.get()) && drain(c.answer, c.pod.get());
    return alive && !(c.query.passed_on && c.answer.passed_on);
}

}  // namespace rpod::net
