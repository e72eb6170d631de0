// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/slirp.hh"

#include <ifaddrs.h>
#include <libslirp.h>

#include <algorithm>
#include <cstring>

#include "base/defer.hh"
#include "base/error.hh"
#include "base/log.hh"
#include "net/clock.hh"
#include "net/slirp_library.hh"

namespace rpod::net {
namespace {

constexpr int kConfigVersion = 4;

short to_poll(int events) {
    short result = 0;
    if (events & SLIRP_POLL_IN) result |= POLLIN;
    if (events & SLIRP_POLL_OUT) result |= POLLOUT;
    if (events & SLIRP_POLL_PRI) result |= POLLPRI;
    if (events & SLIRP_POLL_ERR) result |= POLLERR;
    if (events & SLIRP_POLL_HUP) result |= POLLHUP;
    return result;
}

int from_poll(short events) {
    int result = 0;
    if (events & POLLIN) result |= SLIRP_POLL_IN;
    if (events & POLLOUT) result |= SLIRP_POLL_OUT;
    if (events & POLLPRI) result |= SLIRP_POLL_PRI;
    if (events & POLLERR) result |= SLIRP_POLL_ERR;
    if (events & POLLHUP) result |= SLIRP_POLL_HUP;
    return result;
}

/// The first address of a family on an interface; a link-local one cannot be bound without its scope.
template <class SockAddr>
std::optional<SockAddr> interface_address(const std::string& interface, int family) {
    ifaddrs* list = nullptr;
    check(::getifaddrs(&list), "list the host's addresses");
    const Defer free_list([&] { ::freeifaddrs(list); });
    for (const ifaddrs* entry = list; entry; entry = entry->ifa_next) {
        if (!entry->ifa_addr || entry->ifa_addr->sa_family != family || interface != entry->ifa_name)
            continue;
        SockAddr address;
        std::memcpy(&address, entry->ifa_addr, sizeof address);
        if constexpr (std::is_same_v<SockAddr, sockaddr_in6>) {
            if (IN6_IS_ADDR_LINKLOCAL(&address.sin6_addr)) continue;
        }
        return address;
    }
    throw Error("outbound address: the host has no interface '{}' with an {} address", interface,
                family == AF_INET ? "IPv4" : "IPv6");
}

std::optional<sockaddr_in> find_outbound(const std::string& text) {
    if (text.empty()) return std::nullopt;
    const auto address = parse_ipv4(text);
    if (!address) return interface_address<sockaddr_in>(text, AF_INET);
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_addr = *address;
    return result;
}

std::optional<sockaddr_in6> find_outbound6(const std::string& text) {
    if (text.empty()) return std::nullopt;
    const auto address = parse_ipv6(text);
    if (!address) return interface_address<sockaddr_in6>(text, AF_INET6);
    sockaddr_in6 result{};
    result.sin6_family = AF_INET6;
    result.sin6_addr = *address;
    return result;
}

::SlirpConfig to_libslirp(const SlirpConfig& config) {
    ::SlirpConfig out{};
    out.version = kConfigVersion;
    out.in_enabled = true;
    out.vnetwork = config.network;
    out.vnetmask = config.netmask();
    out.vhost = config.gateway();
    out.vdhcp_start = config.pod_address();
    out.vnameserver = config.dns_address();
    out.in6_enabled = config.enable_ipv6;
    out.vprefix_addr6 = SlirpConfig::prefix6();
    out.vprefix_len = SlirpConfig::kPrefixLength6;
    out.vhost6 = SlirpConfig::gateway6();
    out.vnameserver6 = SlirpConfig::dns_address6();
    out.if_mtu = config.mtu;
    out.if_mru = config.mtu;
    out.disable_host_loopback = !config.allow_host_loopback;
    out.disable_dhcp = true;
    // Not disable_dns: it would let connections to other ports of the DNS address out, into a 10.0.2.0/24 of
    // the host.
    out.disable_dns = false;
    out.enable_emu = false;
    return out;
}

}  // namespace

/// What libslirp calls. It is C: nothing may be thrown through it.
struct SlirpStack::Callbacks {
    static SlirpStack& self(void* opaque) { return *static_cast<SlirpStack*>(opaque); }

    static ssize_t send_packet(const void* data, size_t size, void* opaque) noexcept {
        try {
            self(opaque).sink_.to_pod({static_cast<const uint8_t*>(data), size});
        } catch (const std::exception& e) {
            log::warn("{}", e.what());
        }
        return static_cast<ssize_t>(size);
    }
    static void guest_error(const char* message, void*) noexcept { log::debug("libslirp: {}", message); }
    static int64_t clock_get_ns(void*) noexcept { return net::now_ns(); }

    static void init_completed(Slirp* slirp, void* opaque) noexcept { self(opaque).slirp_ = slirp; }
    static void* timer_new(SlirpTimerId id, void* argument, void* opaque) noexcept {
        auto& timers = self(opaque).timers_;
        timers.push_back(std::make_unique<Timer>());
        *timers.back() = {.id = id, .argument = argument};
        return timers.back().get();
    }
    static void timer_free(void* timer, void* opaque) noexcept {
        std::erase_if(self(opaque).timers_, [&](const auto& t) { return t.get() == timer; });
    }
    static void timer_mod(void* timer, int64_t expire_ms, void*) noexcept {
        static_cast<Timer*>(timer)->due_ms = expire_ms;
    }

    // The poll set is filled anew in each turn, and the loop has one thread: nothing to note down, nobody to
    // wake.
    static void register_poll_fd(int, void*) noexcept {}
    static void unregister_poll_fd(int, void*) noexcept {}
    static void notify(void*) noexcept {}

    static int add_poll(int fd, int events, void* opaque) noexcept {
        return static_cast<int>(self(opaque).poll_->add(fd, to_poll(events)));
    }
    static int get_revents(int index, void* opaque) noexcept {
        return from_poll(static_cast<const PollSet*>(opaque)->revents(static_cast<size_t>(index)));
    }

    static constexpr SlirpCb kTable = {
        .send_packet = send_packet,
        .guest_error = guest_error,
        .clock_get_ns = clock_get_ns,
        .timer_new = nullptr,
        .timer_free = timer_free,
        .timer_mod = timer_mod,
        .register_poll_fd = register_poll_fd,
        .unregister_poll_fd = unregister_poll_fd,
        .notify = notify,
        .init_completed = init_completed,
        .timer_new_opaque = timer_new,
    };
};

SlirpStack::SlirpStack(const SlirpConfig& config, FrameSink& sink)
    : library_(libslirp()),
      sink_(sink),
      outbound_(find_outbound(config.outbound_addr)),
      outbound6_(find_outbound6(config.outbound_addr6)) {
    ::SlirpConfig wanted = to_libslirp(config);
    wanted.outbound_addr = outbound_ ? &*outbound_ : nullptr;
    wanted.outbound_addr6 = outbound6_ ? &*outbound6_ : nullptr;
    slirp_ = library_.create(&wanted, &Callbacks::kTable, this);
    if (!slirp_) throw Error("libslirp {} refuses the network's configuration", library_.version_string());
}

SlirpStack::~SlirpStack() { library_.cleanup(slirp_); }

int SlirpStack::register_sockets(PollSet& poll) {
    poll_ = &poll;
    uint32_t timeout = UINT32_MAX;
    first_index_ = poll.fds().size();
    library_.pollfds_fill(slirp_, &timeout, Callbacks::add_poll, this);
    end_index_ = poll.fds().size();
    int64_t wait = timeout == UINT32_MAX ? -1 : int64_t{timeout};
    for (const auto& timer : timers_) {
        if (timer->due_ms < 0) continue;
        const int64_t left = std::max<int64_t>(timer->due_ms - now_ms(), 0);
        if (wait < 0 || left < wait) wait = left;
    }
    return static_cast<int>(std::min<int64_t>(wait, INT32_MAX));
}

void SlirpStack::handle_sockets(const PollSet& poll) {
    library_.pollfds_poll(slirp_, 0, Callbacks::get_revents, const_cast<PollSet*>(&poll));
    handle_timers();
}

void SlirpStack::handle_timers() {
    const int64_t now = now_ms();
    for (size_t i = 0; i < timers_.size(); ++i) {
        Timer& timer = *timers_[i];
        if (timer.due_ms < 0 || timer.due_ms > now) continue;
        timer.due_ms = -1;
        library_.handle_timer(slirp_, static_cast<SlirpTimerId>(timer.id), timer.argument);
    }
}

void SlirpStack::input(Bytes frame) { library_.input(slirp_, frame.data(), static_cast<int>(frame.size())); }

void SlirpStack::send_queued() {
    // With an error from poll(2) reported, no socket is looked at.
    library_.pollfds_poll(slirp_, 1, Callbacks::get_revents, poll_);
}

bool SlirpStack::has_socket_at(const Endpoint& local) const {
    for (size_t i = first_index_; poll_ && i < end_index_; ++i) {
        Endpoint bound;
        bound.size = sizeof bound.storage;
        auto* name = reinterpret_cast<sockaddr*>(&bound.storage);
        if (::getsockname(poll_->fds()[i].fd, name, &bound.size) == 0 && bound == local) return true;
    }
    return false;
}

}  // namespace rpod::net
