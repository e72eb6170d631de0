// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "net/dns_message.hh"
#include "net/dns_udp.hh"
#include "net/frame.hh"
#include "net/frame_write.hh"
#include "net/resolvers.hh"

using namespace rpod::net;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

/// What we send to a pod must be a frame that we would understand.
struct CheckingSink final : FrameSink {
    void to_pod(Bytes frame) override {
        const auto ip = parse_ip(frame);
        require(ip.has_value());
        const auto udp = parse_udp(*ip);
        require(udp && udp->source_port == 53 && udp->data.size() >= dns::kHeader);
        Checksum sum;
        sum.add(Bytes(ip->source.data(), 2 * ip->source.size()));
        sum.add(uint16_t{IPPROTO_UDP});
        sum.add(static_cast<uint16_t>(ip->payload.size()));
        sum.add(ip->payload);
        require(sum.value() == 0);
    }
};

void check_rewriting(std::vector<uint8_t> frame, const IpFrame& ip) {
    TcpEnd end;
    std::copy(ip.destination.begin(), ip.destination.end(), end.address.begin());
    end.port = ip.payload.size() >= 4 ? static_cast<uint16_t>(ip.payload[2] << 8 | ip.payload[3]) : 0;
    if (!has_tcp_end(ip, Side::destination, end)) return;
    const TcpEnd other = ip.family == AF_INET ? TcpEnd::of(in_addr{htonl(INADDR_LOOPBACK)}, 4711)
                                              : TcpEnd::of(in6addr_loopback, 4711);
    rewrite_tcp_end(frame, ip.family, Side::destination, other);
    const auto changed = parse_ip(frame);
    require(changed && has_tcp_end(*changed, Side::destination, other));
}

void check_message(Bytes message) {
    const auto end = dns::query_end(message);
    require(!end || *end <= message.size());
    if (const auto error = dns::make_error(message, dns::Rcode::server_failure); error && end) {
        require(dns::is_answer(message, *error));
        require(dns::truncate(*error, *end).size() == *end);
    }
    // Any two halves as a query and what claims to answer it.
    const Bytes query = message.first(message.size() / 2);
    const Bytes answer = message.subspan(message.size() / 2);
    if (dns::is_answer(query, answer))
        require(dns::query_end(query).has_value() || query.size() >= dns::kHeader);
}

}  // namespace

/// A frame as a pod may send it, through all that looks at it before libslirp does.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const SlirpConfig config;
    static const FrameFilter filter(config);
    static CheckingSink sink;
    static Resolvers none({});
    static DnsUdp dns_udp(config, none, sink);
    const Bytes frame(data, size);
    may_resolve(frame);
    check_message(frame);
    if (!filter.allows(frame)) return 0;
    const auto ip = parse_ip(frame);
    if (!ip) return 0;
    dns_udp.take(frame, *ip);
    check_rewriting({frame.begin(), frame.end()}, *ip);
    return 0;
}
