// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/dns_udp.hh"

#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "base/error.hh"
#include "base/log.hh"
#include "net/clock.hh"
#include "net/dns_message.hh"

namespace rpod::net {
namespace {

constexpr uint16_t kDnsPort = 53;
constexpr size_t kMaxTries = 4;
/// A query larger than this is none that a resolver takes over UDP.
constexpr size_t kMaxQueryBytes = 4096;

uint16_t random_id() {
    uint16_t id = 0;
    if (::getrandom(&id, sizeof id, 0) != sizeof id) throw SysError(errno, "get random bytes");
    return id;
}

sys::Fd connected_socket(const Endpoint& server) {
    sys::Fd socket(::socket(server.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket || ::connect(socket.get(), server.get(), server.size) < 0) return {};
    return socket;
}

bool is_failure(dns::Rcode rcode) {
    return rcode == dns::Rcode::server_failure || rcode == dns::Rcode::refused ||
           rcode == dns::Rcode::not_implemented;
}

}  // namespace

DnsUdp::DnsUdp(const SlirpConfig& config, Resolvers& resolvers, FrameSink& sink)
    : address_(config.dns_address()),
      address6_(SlirpConfig::dns_address6()),
      mtu_(config.mtu),
      resolvers_(resolvers),
      sink_(sink),
      buffer_(dns::kMaxMessage) {}

size_t DnsUdp::max_tries() const { return std::min(2 * resolvers_.size(), kMaxTries); }

bool DnsUdp::is_ours(const IpFrame& ip) const {
    const void* own = ip.family == AF_INET ? static_cast<const void*>(&address_) : &address6_;
    return std::memcmp(ip.destination.data(), own, ip.destination.size()) == 0;
}

bool DnsUdp::take(Bytes frame, const IpFrame& ip) {
    if (ip.protocol != IPPROTO_UDP || !is_ours(ip)) return false;
    const auto udp = parse_udp(ip);
    if (!udp) return ip.fragment;
    if (udp->destination_port != kDnsPort) return false;
    start(ReplyPath(frame, ip, *udp), udp->data);
    return true;
}

void DnsUdp::start(const ReplyPath& path, Bytes message) {
    const auto end = message.size() <= kMaxQueryBytes ? dns::query_end(message) : std::nullopt;
    if (end && names_) {
        if (const auto known = names_->answer(message)) return sink_.to_pod(path.make_frame(*known));
    }
    if (!end || resolvers_.size() == 0) {
        resolvers_.start();  // there may be some by now
        // Where there is nobody to ask, the names here are all that there are.
        const auto unknown = names_ ? dns::Rcode::no_such_name : dns::Rcode::server_failure;
        const auto rcode = end ? unknown : dns::Rcode::not_implemented;
        if (const auto error = dns::make_error(message, rcode)) sink_.to_pod(path.make_frame(*error));
        return;
    }
    const uint16_t id = dns::id_of(message);
    const auto known = std::find_if(queries_.begin(), queries_.end(),
                                    [&](const Query& q) { return q.client_id == id && q.path == path; });
    if (known != queries_.end()) return;  // the client is less patient than we are
    if (queries_.size() >= kMaxQueries) queries_.erase(queries_.begin());
    Query query{.path = path,
                .client_id = id,
                .message = {message.begin(), message.end()},
                .question_end = *end,
                .first_resolver = resolvers_.start()};
    dns::set_id(query.message, random_id());
    if (ask_next(query)) {
        queries_.push_back(std::move(query));
    } else {
        answer(query, *dns::make_error(message, dns::Rcode::server_failure));
    }
}

bool DnsUdp::ask_next(Query& query) {
    while (query.tried < max_tries()) {
        const size_t resolver = query.first_resolver + query.tried++;
        if (ask(query, resolver)) return true;
    }
    return false;
}

bool DnsUdp::ask(Query& query, size_t resolver) {
    sys::Fd socket = connected_socket(resolvers_.at(resolver));
    if (!socket) return false;
    if (::send(socket.get(), query.message.data(), query.message.size(), 0) < 0) return false;
    query.tries.push_back({.socket = std::move(socket), .resolver = resolver, .poll_index = SIZE_MAX});
    query.deadline_ms = now_ms() + resolvers_.try_ms();
    return true;
}

int DnsUdp::register_sockets(PollSet& poll) {
    if (queries_.empty()) return -1;
    int64_t deadline = INT64_MAX;
    for (Query& query : queries_) {
        for (Try& attempt : query.tries) attempt.poll_index = poll.add(attempt.socket.get(), POLLIN);
        deadline = std::min(deadline, query.deadline_ms);
    }
    return static_cast<int>(std::clamp<int64_t>(deadline - now_ms(), 0, INT32_MAX));
}

void DnsUdp::handle_sockets(const PollSet& poll) {
    if (queries_.empty()) return;
    const int64_t now = now_ms();
    std::erase_if(queries_, [&](Query& query) { return advance(query, poll, now); });
}

bool DnsUdp::advance(Query& query, const PollSet& poll, int64_t now) {
    bool latest_failed = false;
    for (size_t i = 0; i < query.tries.size();) {
        Try& attempt = query.tries[i];
        const bool ready = attempt.poll_index != SIZE_MAX && poll.revents(attempt.poll_index);
        attempt.poll_index = SIZE_MAX;
        if (!ready) {
            ++i;
            continue;
        }
        if (receive(query, attempt)) return true;
        // A datagram that is no answer changes nothing; a resolver that failed has no more to say.
        if (attempt.socket) {
            ++i;
        } else {
            latest_failed = i + 1 == query.tries.size();
            query.tries.erase(query.tries.begin() + static_cast<ptrdiff_t>(i));
        }
    }
    if (!latest_failed && now < query.deadline_ms) return false;
    if (ask_next(query)) return false;
    if (latest_failed && !query.tries.empty() && now < query.deadline_ms)
        return false;  // earlier ones may answer
    auto failure = query.failure.empty() ? dns::make_error(query.message, dns::Rcode::server_failure)
                                         : std::optional(std::move(query.failure));
    answer(query, std::move(*failure));
    return true;
}

bool DnsUdp::receive(Query& query, Try& attempt) {
    const ssize_t n = ::recv(attempt.socket.get(), buffer_.data(), buffer_.size(), 0);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR) attempt.socket.reset();  // an ICMP error: nobody listens there
        return false;
    }
    const Bytes message(buffer_.data(), static_cast<size_t>(n));
    if (!dns::is_answer(query.message, message)) return false;
    if (is_failure(dns::rcode_of(message))) {
        query.failure.assign(message.begin(), message.end());
        attempt.socket.reset();
        return false;
    }
    resolvers_.answered(attempt.resolver);
    answer(query, {message.begin(), message.end()});
    return true;
}

void DnsUdp::answer(const Query& query, std::vector<uint8_t> message) const {
    dns::set_id(message, query.client_id);
    if (message.size() > query.path.room(mtu_)) message = dns::truncate(message, query.question_end);
    sink_.to_pod(query.path.make_frame(message));
}

}  // namespace rpod::net
