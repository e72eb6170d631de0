// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/packet_wire.hh"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "base/error.hh"
#include "net/netlink.hh"
#include "sys/file.hh"
#include "sys/namespace.hh"

namespace rpod::net {
namespace {

constexpr char kFarEnd[] = "wire0";

/// Frames of 64 KiB that wait for us, a few of them; the kernel gives no more than net.core.rmem_max.
constexpr int kSocketBuffer = 4 << 20;

std::array<uint8_t, 6> random_mac() {
    std::array<uint8_t, 6> mac{};
    check(::getrandom(mac.data(), mac.size(), 0), "get random bytes");
    mac[0] = static_cast<uint8_t>((mac[0] & ~1U) | 2U);  // one station's, given by nobody
    return mac;
}

/// Whoever is on the far end speaks through the socket alone: the kernel there announces nothing.
void silence_ipv6() {
    constexpr char kSwitch[] = "/proc/sys/net/ipv6/conf/default/disable_ipv6";
    if (::access(kSwitch, F_OK) == 0) sys::write_existing(kSwitch, "1");
}

/// Checksums left to the device would never be made; without them there is no segmentation by it either.
void forbid_offloads(const std::string& interface) {
    const sys::Fd socket(check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open a socket"));
    ethtool_value value{.cmd = ETHTOOL_STXCSUM, .data = 0};
    ifreq request{};
    interface.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_data = reinterpret_cast<char*>(&value);
    check(::ioctl(socket.get(), SIOCETHTOOL, &request), "turn off checksums by network interface '{}'",
          interface);
}

sys::Fd open_packet_socket(unsigned interface) {
    sys::Fd socket(
        check(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "open a packet socket"));
    const int on = 1;
    // Not in kernels before 4.20, whose only other sender here is silenced.
    ::setsockopt(socket.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &kSocketBuffer, sizeof kSocketBuffer);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &kSocketBuffer, sizeof kSocketBuffer);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(interface);
    check(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
          "bind a packet socket");
    return socket;
}

sys::Fd make_pair_in_new_namespace(const std::string& interface, unsigned mtu, int pod_network) {
    sys::unshare_namespaces(CLONE_NEWNET);
    silence_ipv6();
    Netlink netlink;
    NetlinkBatch make;
    make.add_veth(kFarEnd, mtu, interface, pod_network, random_mac());
    netlink.run(make);
    const unsigned far_end = netlink.index_of(kFarEnd);
    NetlinkBatch up;
    up.set_link_up(far_end);
    netlink.run(up);
    return open_packet_socket(far_end);
}

}  // namespace

sys::Fd create_packet_wire(const std::string& interface, unsigned mtu) {
    const sys::Fd pod_network = sys::open_file("/proc/self/ns/net", O_RDONLY);
    sys::Fd socket;
    try {
        socket = make_pair_in_new_namespace(interface, mtu, pod_network.get());
    } catch (const SysError&) {
        sys::join_namespace(pod_network.get(), CLONE_NEWNET);
        throw;
    }
    sys::join_namespace(pod_network.get(), CLONE_NEWNET);
    forbid_offloads(interface);
    return socket;
}

}  // namespace rpod::net
