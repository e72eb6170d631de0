// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/forward_udp.hh"

#include <sys/socket.h>

#include <cstring>

#include "net/clock.hh"
#include "net/frame.hh"

namespace rpod::net {
namespace {

/// Datagrams of one socket before others have their turn.
constexpr int kBatch = 64;

/// Room for one in_pktinfo or in6_pktinfo.
struct Control {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in6_pktinfo))> bytes{};
    size_t size = 0;
};

/// What recvmsg(2) said about a datagram's destination, as sendmsg(2) takes it for the answer's source. The
/// route decides about the interface, but where the address alone does not say which.
void turn_around(msghdr& message) {
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            in_pktinfo info;
            std::memcpy(&info, CMSG_DATA(c), sizeof info);
            info.ipi_ifindex = 0;
            std::memcpy(CMSG_DATA(c), &info, sizeof info);
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            in6_pktinfo info;
            std::memcpy(&info, CMSG_DATA(c), sizeof info);
            if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = 0;
            std::memcpy(CMSG_DATA(c), &info, sizeof info);
        }
    }
}

}  // namespace

class UdpForwarder::Listener final : public EventTarget {
  public:
    Listener(UdpForwarder& owner, PortListener listener) : owner_(owner), listener_(std::move(listener)) {
        if (!owner_.events_.add(listener_.socket.get(), EPOLLIN, *this))
            throw SysError(errno, "watch a published port");
    }
    void ready(uint32_t) override;
    void answer(const Endpoint& client, const Control& control, Bytes data) const;

    UdpForwarder& owner_;
    PortListener listener_;
    size_t address_ = 0;  ///< of the pod's, the one that did not refuse last
    std::unordered_map<std::string, std::list<std::unique_ptr<Flow>>::iterator> by_client_;
};

class UdpForwarder::Flow final : public EventTarget {
  public:
    Flow(Listener& listener, const Endpoint& client) : listener_(listener), client_(client) {}

    bool connect_pod() {
        auto& owner = listener_.owner_;
        const Endpoint to = owner.pod_.at(address_ = listener_.address_, listener_.listener_.container_port);
        pod_ = sys::Fd(::socket(to.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        return pod_ && ::connect(pod_.get(), to.get(), to.size) == 0 &&
               owner.events_.add(pod_.get(), EPOLLIN, *this);
    }

    /// A datagram that the pod's socket does not take is lost, as on any network.
    void to_pod(Bytes data, const Control& control) {
        control_ = control;
        last_ms_ = now_ms();
        if (::send(pod_.get(), data.data(), data.size(), 0) < 0 && errno == ECONNREFUSED) refused();
    }

    void ready(uint32_t) override {
        if (!pod_) return;
        auto& buffer = listener_.owner_.buffer_;
        for (int i = 0; i < kBatch; ++i) {
            const ssize_t n = ::recv(pod_.get(), buffer.data(), buffer.size(), 0);
            if (n < 0 && errno == ECONNREFUSED) return refused();
            if (n < 0) return;
            last_ms_ = now_ms();
            listener_.answer(client_, control_, {buffer.data(), static_cast<size_t>(n)});
        }
    }

    std::string key() const { return {reinterpret_cast<const char*>(&client_.storage), client_.size}; }
    Listener& listener() const { return listener_; }
    int64_t last_ms() const { return last_ms_; }
    void close() { pod_.reset(); }

  private:
    /// Nobody is there: the next datagram goes to the pod's other address, that of other clients, too.
    void refused() {
        if (listener_.owner_.pod_.count() < 2) return;
        if (listener_.address_ == address_) listener_.address_ = 1 - address_;
        connect_pod();
    }

    Listener& listener_;
    Endpoint client_;
    Control control_;
    sys::Fd pod_;
    size_t address_ = 0;
    int64_t last_ms_ = now_ms();
};

void UdpForwarder::Listener::ready(uint32_t events) {
    // The monitor has shut it down: the port is no longer published.
    if (events & EPOLLHUP) return listener_.socket.reset();
    auto& buffer = owner_.buffer_;
    for (int i = 0; i < kBatch; ++i) {
        Endpoint client;
        Control control;
        iovec data{.iov_base = buffer.data(), .iov_len = buffer.size()};
        msghdr message{};
        message.msg_name = &client.storage;
        message.msg_namelen = sizeof client.storage;
        message.msg_iov = &data;
        message.msg_iovlen = 1;
        message.msg_control = control.bytes.data();
        message.msg_controllen = control.bytes.size();
        const ssize_t n = ::recvmsg(listener_.socket.get(), &message, 0);
        if (n < 0) return;
        turn_around(message);
        client.size = message.msg_namelen;
        control.size = message.msg_controllen;
        const std::string key(reinterpret_cast<const char*>(&client.storage), client.size);
        auto known = by_client_.find(key);
        if (known == by_client_.end()) {
            auto flow = std::make_unique<Flow>(*this, client);
            if (!flow->connect_pod()) continue;
            if (owner_.flows_.size() >= kMaxFlows) owner_.forget_oldest();
            owner_.flows_.push_back(std::move(flow));
            known = by_client_.emplace(key, std::prev(owner_.flows_.end())).first;
        } else {
            owner_.flows_.splice(owner_.flows_.end(), owner_.flows_, known->second);
        }
        (*known->second)->to_pod({buffer.data(), static_cast<size_t>(n)}, control);
    }
}

void UdpForwarder::Listener::answer(const Endpoint& client, const Control& control, Bytes data) const {
    iovec part{.iov_base = const_cast<uint8_t*>(data.data()), .iov_len = data.size()};
    msghdr message{};
    message.msg_name = const_cast<sockaddr*>(client.get());
    message.msg_namelen = client.size;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.size > 0 ? const_cast<char*>(control.bytes.data()) : nullptr;
    message.msg_controllen = control.size;
    (void)::sendmsg(listener_.socket.get(), &message, MSG_NOSIGNAL);
}

UdpForwarder::UdpForwarder(const EventSet& events, const PodAddresses& pod) : events_(events), pod_(pod) {}
UdpForwarder::~UdpForwarder() = default;

void UdpForwarder::add(PortListener listener) {
    listeners_.push_back(std::make_unique<Listener>(*this, std::move(listener)));
}

void UdpForwarder::forget_oldest() {
    Flow& oldest = *flows_.front();
    oldest.listener().by_client_.erase(oldest.key());
    oldest.close();
    // Events of this turn may still name it.
    closed_.splice(closed_.end(), flows_, flows_.begin());
}

int UdpForwarder::end_turn() {
    const int64_t now = now_ms();
    // Answers make a flow younger than its place says: those behind it are forgotten a little later, then.
    while (!flows_.empty()) {
        const int64_t left = flows_.front()->last_ms() + kSilentMs - now;
        if (left <= 0) {
            forget_oldest();
            continue;
        }
        closed_.clear();
        return static_cast<int>(left) + 1;
    }
    closed_.clear();
    return -1;
}

}  // namespace rpod::net
