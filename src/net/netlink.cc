// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/netlink.hh"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.hh"
#include "net/address.hh"
#include "net/clock.hh"

namespace rpod::net {
namespace {

constexpr size_t aligned(size_t size) { return NLMSG_ALIGN(size); }

void append(std::vector<uint8_t>& bytes, const void* data, size_t size) {
    const size_t at = bytes.size();
    bytes.resize(at + aligned(size));
    std::memcpy(bytes.data() + at, data, size);
}

ifaddrmsg address_header(unsigned interface, int family, unsigned prefix_length, uint8_t flags) {
    return {.ifa_family = static_cast<uint8_t>(family),
            .ifa_prefixlen = static_cast<uint8_t>(prefix_length),
            .ifa_flags = flags,
            .ifa_scope = RT_SCOPE_UNIVERSE,
            .ifa_index = interface};
}

/// Only the last request asks for an answer: it comes when all have been done. Failures are answered unasked.
std::vector<uint8_t> with_final_ack(std::vector<uint8_t> bytes) {
    for (size_t at = 0;;) {
        nlmsghdr header;
        std::memcpy(&header, bytes.data() + at, sizeof header);
        if (at + header.nlmsg_len >= bytes.size()) {
            header.nlmsg_flags |= NLM_F_ACK;
            std::memcpy(bytes.data() + at, &header, sizeof header);
            return bytes;
        }
        at += header.nlmsg_len;
    }
}

/// The address of an RTM_NEWADDR of IPv6.
void note_address(const nlmsghdr& message, std::vector<in6_addr>& seen) {
    if (message.nlmsg_len < NLMSG_LENGTH(sizeof(ifaddrmsg))) return;
    const auto* header = static_cast<const ifaddrmsg*>(NLMSG_DATA(&message));
    auto left = static_cast<unsigned>(IFA_PAYLOAD(&message));
    for (const rtattr* attribute = IFA_RTA(header); RTA_OK(attribute, left);
         attribute = RTA_NEXT(attribute, left)) {
        if (attribute->rta_type != IFA_ADDRESS || RTA_PAYLOAD(attribute) != sizeof(in6_addr)) continue;
        in6_addr address;
        std::memcpy(&address, RTA_DATA(attribute), sizeof address);
        seen.push_back(address);
    }
}

rtmsg default_route_header(int family) {
    rtmsg header{};
    header.rtm_family = static_cast<uint8_t>(family);
    header.rtm_table = RT_TABLE_MAIN;
    header.rtm_protocol = RTPROT_BOOT;
    header.rtm_scope = RT_SCOPE_UNIVERSE;
    header.rtm_type = RTN_UNICAST;
    return header;
}

}  // namespace

template <class Header>
void NetlinkBatch::begin(uint16_t type, uint16_t flags, const Header& header, std::string what) {
    start_ = bytes_.size();
    what_.push_back(std::move(what));
    nlmsghdr message{};
    message.nlmsg_type = type;
    message.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
    message.nlmsg_seq = static_cast<uint32_t>(what_.size());
    append(bytes_, &message, sizeof message);
    append(bytes_, &header, sizeof header);
}

void NetlinkBatch::attribute(uint16_t type, const void* data, size_t size) {
    rtattr header{};
    header.rta_type = type;
    header.rta_len = static_cast<uint16_t>(RTA_LENGTH(size));
    append(bytes_, &header, sizeof header);
    if (size > 0) append(bytes_, data, size);
}

void NetlinkBatch::attribute(uint16_t type, const std::string& text) {
    attribute(type, text.c_str(), text.size() + 1);
}

size_t NetlinkBatch::open(uint16_t type) {
    const size_t start = bytes_.size();
    attribute(type, nullptr, 0);
    return start;
}

void NetlinkBatch::close(size_t start) {
    const auto size = static_cast<uint16_t>(bytes_.size() - start);
    std::memcpy(bytes_.data() + start + offsetof(rtattr, rta_len), &size, sizeof size);
}

void NetlinkBatch::end() {
    const auto size = static_cast<uint32_t>(bytes_.size() - start_);
    std::memcpy(bytes_.data() + start_ + offsetof(nlmsghdr, nlmsg_len), &size, sizeof size);
}

void NetlinkBatch::set_link_up(unsigned interface, std::optional<unsigned> mtu) {
    ifinfomsg header{};
    header.ifi_family = AF_UNSPEC;
    header.ifi_index = static_cast<int>(interface);
    header.ifi_flags = IFF_UP;
    header.ifi_change = IFF_UP;
    begin(RTM_NEWLINK, 0, header, fmt::format("take network interface {} up", interface));
    if (mtu) {
        const uint32_t value = *mtu;
        attribute(IFLA_MTU, &value, sizeof value);
    }
    end();
}

void NetlinkBatch::add_address(unsigned interface, const in_addr& address, unsigned prefix_length) {
    begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, address_header(interface, AF_INET, prefix_length, 0),
          fmt::format("add address {}/{}", to_string(address), prefix_length));
    attribute(IFA_LOCAL, &address, sizeof address);
    attribute(IFA_ADDRESS, &address, sizeof address);
    const in_addr broadcast{address.s_addr |
                            htonl(static_cast<uint32_t>((uint64_t{1} << (32 - prefix_length)) - 1))};
    attribute(IFA_BROADCAST, &broadcast, sizeof broadcast);
    end();
}

void NetlinkBatch::add_address(unsigned interface, const in6_addr& address, unsigned prefix_length) {
    begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE,
          address_header(interface, AF_INET6, prefix_length, IFA_F_NODAD),
          fmt::format("add address {}/{}", to_string(address), prefix_length));
    attribute(IFA_LOCAL, &address, sizeof address);
    attribute(IFA_ADDRESS, &address, sizeof address);
    end();
}

void NetlinkBatch::add_bridge(const std::string& name, unsigned mtu) {
    begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{}, fmt::format("create bridge '{}'", name));
    attribute(IFLA_IFNAME, name);
    const uint32_t value = mtu;
    attribute(IFLA_MTU, &value, sizeof value);
    const size_t info = open(IFLA_LINKINFO);
    attribute(IFLA_INFO_KIND, std::string("bridge"));
    close(info);
    end();
}

void NetlinkBatch::add_veth(const std::string& name, unsigned mtu, const std::string& peer, int peer_network,
                            const std::array<uint8_t, 6>& peer_mac) {
    begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{},
          fmt::format("create the pair of interfaces '{}' and '{}'", name, peer));
    const uint32_t value = mtu;
    attribute(IFLA_IFNAME, name);
    attribute(IFLA_MTU, &value, sizeof value);
    const size_t info = open(IFLA_LINKINFO);
    attribute(IFLA_INFO_KIND, std::string("veth"));
    const size_t data = open(IFLA_INFO_DATA);
    // The peer's own request without a message header.
    const size_t other = open(VETH_INFO_PEER);
    const ifinfomsg header{};
    append(bytes_, &header, sizeof header);
    attribute(IFLA_IFNAME, peer);
    attribute(IFLA_MTU, &value, sizeof value);
    attribute(IFLA_ADDRESS, peer_mac.data(), peer_mac.size());
    const auto network = static_cast<uint32_t>(peer_network);
    attribute(IFLA_NET_NS_FD, &network, sizeof network);
    close(other);
    close(data);
    close(info);
    end();
}

void NetlinkBatch::set_master(unsigned interface, unsigned bridge) {
    ifinfomsg header{};
    header.ifi_index = static_cast<int>(interface);
    begin(RTM_NEWLINK, 0, header, fmt::format("put interface {} on the bridge", interface));
    attribute(IFLA_MASTER, &bridge, sizeof bridge);
    end();
}

void NetlinkBatch::delete_link(unsigned interface) {
    ifinfomsg header{};
    header.ifi_index = static_cast<int>(interface);
    begin(RTM_DELLINK, 0, header, fmt::format("delete interface {}", interface));
    end();
}

void NetlinkBatch::add_default_route(unsigned interface, const in_addr& gateway) {
    begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, default_route_header(AF_INET),
          fmt::format("add the default route through {}", to_string(gateway)));
    attribute(RTA_GATEWAY, &gateway, sizeof gateway);
    attribute(RTA_OIF, &interface, sizeof interface);
    end();
}

void NetlinkBatch::add_default_route(unsigned interface, const in6_addr& gateway) {
    begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, default_route_header(AF_INET6),
          fmt::format("add the default route through {}", to_string(gateway)));
    attribute(RTA_GATEWAY, &gateway, sizeof gateway);
    attribute(RTA_OIF, &interface, sizeof interface);
    end();
}

Netlink::Netlink()
    : socket_(check(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "open a netlink socket")) {
    // Errors come without the request that they answer.
    const int on = 1;
    ::setsockopt(socket_.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
    sockaddr_nl own{};
    own.nl_family = AF_NETLINK;
    own.nl_groups = RTMGRP_IPV6_IFADDR;
    check(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own),
          "bind a netlink socket");
}

unsigned Netlink::index_of(const std::string& interface) const {
    ifreq request{};
    interface.copy(request.ifr_name, IFNAMSIZ - 1);
    check(::ioctl(socket_.get(), SIOCGIFINDEX, &request), "find network interface '{}'", interface);
    return static_cast<unsigned>(request.ifr_ifindex);
}

void Netlink::run(const NetlinkBatch& batch) {
    if (batch.size() == 0) return;
    const std::vector<uint8_t> bytes = with_final_ack(batch.bytes());
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    check(::sendto(socket_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&kernel),
                   sizeof kernel),
          "send {} netlink requests", batch.size());
    while (receive(&batch) != batch.size()) {
    }
}

bool Netlink::wait_for_address(const in6_addr& address, int timeout_ms) {
    const int64_t deadline = now_ms() + timeout_ms;
    const auto seen = [&] {
        return std::any_of(seen_.begin(), seen_.end(),
                           [&](const in6_addr& a) { return std::memcmp(&a, &address, sizeof a) == 0; });
    };
    while (!seen()) {
        pollfd entry{.fd = socket_.get(), .events = POLLIN, .revents = 0};
        const int64_t left = deadline - now_ms();
        if (left <= 0 || ::poll(&entry, 1, static_cast<int>(left)) == 0) return false;
        receive(nullptr);
    }
    return true;
}

size_t Netlink::receive(const NetlinkBatch* batch) {
    alignas(nlmsghdr) std::array<uint8_t, 8192> buffer;
    const ssize_t n = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) return 0;
    check(n, "receive a netlink answer");
    size_t answered = 0;
    auto left = static_cast<unsigned>(n);
    for (auto* header = reinterpret_cast<const nlmsghdr*>(buffer.data()); NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
        if (header->nlmsg_type == RTM_NEWADDR) note_address(*header, seen_);
        if (header->nlmsg_type != NLMSG_ERROR || header->nlmsg_len < NLMSG_LENGTH(sizeof(nlmsgerr))) continue;
        nlmsgerr error;
        std::memcpy(&error, NLMSG_DATA(header), sizeof error);
        const size_t number = header->nlmsg_seq;
        if (!batch || number < 1 || number > batch->size()) continue;
        if (error.error != 0) throw SysError(-error.error, "{}", batch->what(number - 1));
        answered = number;
    }
    return answered;
}

}  // namespace rpod::net
