// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/tap.hh"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

#include <cstring>

#include "base/error.hh"
#include "base/log.hh"
#include "net/address.hh"
#include "net/netlink.hh"
#include "net/packet_wire.hh"
#include "sys/file.hh"
#include "sys/namespace.hh"

namespace rpod::net {
namespace {

constexpr char kTap[] = "tap0";
constexpr char kBridge[] = "bridge0";
constexpr char kTunDevice[] = "/dev/net/tun";

/// The kernel numbers lo 1 in every network namespace.
constexpr unsigned kLoopback = 1;

/// Usually a fraction of one.
constexpr int kAddressWaitMs = 50;

/// A file of /proc/sys/net, which shows the network namespace of the process that opens it.
void write_sysctl(int sysctls, const char* name, const std::string& value) {
    const sys::Fd file = sys::open_at(sysctls, name, O_WRONLY);
    sys::write_all(file.get(), value, fmt::format("/proc/sys/net/{}", name));
}

void open_ports_and_ping(int sysctls, std::optional<GroupRange> ping_groups) {
    write_sysctl(sysctls, "ipv4/ip_unprivileged_port_start", "0");
    if (ping_groups) {
        write_sysctl(sysctls, "ipv4/ping_group_range",
                     fmt::format("{} {}", ping_groups->first, ping_groups->last));
    }
}

sys::Fd open_sysctls() {
    sys::Fd dir = sys::open_file("/proc/sys/net", O_PATH | O_DIRECTORY);
    if (::faccessat(dir.get(), "ipv4/ip_unprivileged_port_start", W_OK, 0) < 0 && errno == EROFS) {
        throw SysError(EROFS, "set the network's sysctls")
            .with_hint(
                "inside a container /proc is to be as a whole: start the outer one with --security-opt "
                "unmask=ALL (podman, rpod) or --security-opt systempaths=unconfined (docker)");
    }
    return dir;
}

bool has_ipv6(int sysctls) { return ::faccessat(sysctls, "ipv6", F_OK, 0) == 0; }

/// Before the link comes up: a container must not be able to announce a router to its neighbours, and
/// addresses are usable at once, tap0's link-local one too.
void configure_tap_ipv6(int sysctls, bool enable) {
    write_sysctl(sysctls, "ipv6/conf/tap0/disable_ipv6", enable ? "0" : "1");
    write_sysctl(sysctls, "ipv6/conf/tap0/accept_ra", "0");
    write_sysctl(sysctls, "ipv6/conf/tap0/accept_redirects", "0");
    write_sysctl(sysctls, "ipv6/conf/tap0/accept_dad", "0");
    write_sysctl(sysctls, "ipv6/conf/tap0/router_solicitations", "0");
}

/// @return whether the pod gets IPv6
bool prepare_ipv6(int sysctls, const SlirpConfig& config) {
    if (has_ipv6(sysctls)) {
        configure_tap_ipv6(sysctls, config.enable_ipv6);
        return config.enable_ipv6;
    }
    if (config.enable_ipv6) log::debug("network: the kernel has no IPv6");
    return false;
}

std::string hint_for(int err) {
    switch (err) {
        case ENOENT:
        case ENODEV:
        case ENXIO:
            return "an administrator can load the kernel's tun module (modprobe tun); --network none and "
                   "--network host run without it";
        case EACCES:
        case EPERM:
            return "an administrator can open it to all users, which is safe: chmod 0666 /dev/net/tun; "
                   "--network none and --network host run without it";
        default:
            return {};
    }
}

sys::Fd open_tap() {
    const int fd = ::open(kTunDevice, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        const int err = errno;
        throw SysError(err, "open '{}' for the container's network", kTunDevice).with_hint(hint_for(err));
    }
    sys::Fd tap(fd);
    ifreq request{};
    std::memcpy(request.ifr_name, kTap, sizeof kTap);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    check(::ioctl(tap.get(), TUNSETIFF, &request), "create network interface '{}'", kTap);
    return tap;
}

/// The tap, or what stands in for it.
sys::Fd open_interface(unsigned mtu) {
    try {
        return open_tap();
    } catch (const Error& e) {
        try {
            sys::Fd wire = create_packet_wire(kTap, mtu);
            log::debug("{}; a pair of interfaces takes its place", e.what());
            return wire;
        } catch (const SysError& other) {
            throw Error("{}; instead of it: {}", e.what(), other.what()).with_hint(e.hint());
        }
    }
}

}  // namespace

sys::Fd create_tap_in_child(const SlirpConfig& config, std::optional<GroupRange> ping_groups) {
    const sys::Fd sysctls = open_sysctls();
    sys::Fd tap = open_interface(config.mtu);
    const bool ipv6 = prepare_ipv6(sysctls.get(), config);
    Netlink netlink;
    const unsigned index = netlink.index_of(kTap);
    NetlinkBatch batch;
    batch.set_link_up(kLoopback);
    batch.set_link_up(index, config.mtu);
    if (ipv6) {
        batch.add_address(index, SlirpConfig::pod_address6(), SlirpConfig::kPrefixLength6);
        batch.add_default_route(index, SlirpConfig::gateway6());
    }
    batch.add_address(index, config.pod_address(), config.prefix_length);
    batch.add_default_route(index, config.gateway());
    netlink.run(batch);
    open_ports_and_ping(sysctls.get(), ping_groups);
    if (ipv6 && !netlink.wait_for_address(SlirpConfig::pod_address6(), kAddressWaitMs)) {
        log::debug("network: {} is slow to come up", to_string(SlirpConfig::pod_address6()));
    }
    return tap;
}

sys::Fd create_bridge_in_child(unsigned mtu, bool with_tap) {
    sys::Fd tap;
    if (with_tap) tap = open_tap();
    const sys::Fd sysctls = open_sysctls();
    if (has_ipv6(sysctls.get())) {
        for (const char* name : {"ipv6/conf/all/disable_ipv6", "ipv6/conf/default/disable_ipv6"})
            write_sysctl(sysctls.get(), name, "1");
    }
    Netlink netlink;
    NetlinkBatch make;
    make.set_link_up(kLoopback);
    make.add_bridge(kBridge, mtu);
    netlink.run(make);
    const unsigned bridge = netlink.index_of(kBridge);
    NetlinkBatch batch;
    if (tap) {
        const unsigned index = netlink.index_of(kTap);
        batch.set_link_up(index, mtu);
        batch.set_master(index, bridge);
    }
    batch.set_link_up(bridge);
    netlink.run(batch);
    return tap;
}

void connect_pod_in_child(const BridgePort& port, int pod_network) {
    {
        Netlink netlink;
        NetlinkBatch make;
        make.add_veth(port.port, port.mtu, port.interface, pod_network, port.mac);
        netlink.run(make);
        const unsigned index = netlink.index_of(port.port);
        NetlinkBatch batch;
        batch.set_master(index, netlink.index_of(kBridge));
        batch.set_link_up(index);
        netlink.run(batch);
    }
    sys::join_namespace(pod_network, CLONE_NEWNET);
    const sys::Fd sysctls = open_sysctls();
    if (has_ipv6(sysctls.get()))
        write_sysctl(sysctls.get(), fmt::format("ipv6/conf/{}/disable_ipv6", port.interface).c_str(), "1");
    Netlink netlink;
    const unsigned index = netlink.index_of(port.interface);
    NetlinkBatch batch;
    batch.set_link_up(index);
    batch.add_address(index, port.address, port.prefix_length);
    if (port.gateway) batch.add_default_route(index, *port.gateway);
    netlink.run(batch);
}

void disconnect_port_in_child(const std::string& port) {
    Netlink netlink;
    try {
        NetlinkBatch batch;
        batch.delete_link(netlink.index_of(port));
        netlink.run(batch);
    } catch (const SysError& e) {
        // It goes with the pod's network namespace, too.
        if (!e.is(ENODEV)) throw;
    }
}

void bring_up_loopback(std::optional<GroupRange> ping_groups) {
    open_ports_and_ping(open_sysctls().get(), ping_groups);
    NetlinkBatch batch;
    batch.set_link_up(kLoopback);
    Netlink().run(batch);
}

}  // namespace rpod::net
