// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/forward_tcp.hh"

#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/log.hh"
#include "net/clock.hh"
#include "sys/rlimit.hh"

namespace rpod::net {
namespace {

/// Connections accepted before others have their turn.
constexpr int kAcceptBatch = 64;
constexpr int kPauseMs = 500;
constexpr uint32_t kBothWays = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

}  // namespace

class TcpForwarder::Listener final : public EventTarget {
  public:
    Listener(TcpForwarder& owner, PortListener listener) : owner_(owner), listener_(std::move(listener)) {
        resume();
    }

    void ready(uint32_t events) override {
        // The monitor has shut it down: the port is no longer published. Its connections go on.
        if (events & EPOLLHUP) return listener_.socket.reset();
        for (int i = 0; i < kAcceptBatch; ++i) {
            if (owner_.is_full()) return pause();
            sys::Fd client(::accept4(listener_.socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (client) {
                owner_.start(std::move(client), listener_.container_port);
            } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                return pause();
            } else if (errno == EAGAIN) {
                return;
            }
        }
    }

    void resume() {
        if (!listener_.socket) return;
        if (!watched_) watched_ = owner_.events_.add(listener_.socket.get(), EPOLLIN, *this);
        if (!watched_) owner_.pause();
    }

  private:
    /// Clients wait in the kernel's queue.
    void pause() {
        log::debug("published port {}: too many connections", listener_.container_port);
        owner_.events_.remove(listener_.socket.get());
        watched_ = false;
        owner_.pause();
    }

    TcpForwarder& owner_;
    PortListener listener_;
    bool watched_ = false;
};

class TcpForwarder::Connection {
  public:
    Connection(TcpForwarder& owner, sys::Fd client, uint16_t port)
        : owner_(owner), port_(port), client_(*this), pod_(*this) {
        client_.fd = std::move(client);
    }

    /// false: the connection is over.
    bool start() { return connect_pod() && owner_.events_.add(client_.fd.get(), kBothWays, client_); }

    /// Moves what can be moved. false: the connection is over.
    bool advance() {
        unfinished_ = false;
        if (over_) return false;
        if (!connected_) return true;
        using Move = TcpFlow::Move;
        const Move inward = inward_.pass(client_, pod_, owner_.tools_);
        const Move outward = outward_.pass(pod_, client_, owner_.tools_);
        if (inward == Move::failed || outward == Move::failed) {
            inward_.pass_last_words(client_, pod_, owner_.tools_);
            outward_.pass_last_words(pod_, client_, owner_.tools_);
            reset();
            return false;
        }
        if (inward == Move::more || outward == Move::more) wants_more();
        return !inward_.is_over() || !outward_.is_over();
    }

    void mark_over() { over_ = true; }

  private:
    struct Side final : TcpSide, EventTarget {
        explicit Side(Connection& c) : connection(c) {}
        void ready(uint32_t events) override { connection.ready(*this, events); }
        Connection& connection;
    };

    void ready(Side& side, uint32_t events) {
        if (over_) return;
        if (&side == &pod_ && !connected_) {
            if (events & (EPOLLERR | EPOLLHUP)) {
                if (connect_pod()) return;
                reset();
                return owner_.close(*this);
            }
            if (!(events & EPOLLOUT)) return;
            connected_ = true;
        }
        side.note(events);
        if (!advance()) owner_.close(*this);
    }

    /// Tries the pod's next address.
    bool connect_pod() {
        while (tried_ < owner_.pod_.count()) {
            const Endpoint to = owner_.pod_.at(tried_++, port_);
            pod_.fd = sys::Fd(::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
            if (!pod_.fd) return false;
            const int on = 1;
            ::setsockopt(pod_.fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            if (::connect(pod_.fd.get(), to.get(), to.size) < 0 && errno != EINPROGRESS) continue;
            return owner_.events_.add(pod_.fd.get(), kBothWays, pod_);
        }
        return false;
    }

    /// The other side learns that this was no orderly end.
    void reset() {
        const linger now{.l_onoff = 1, .l_linger = 0};
        for (const Side* side : {&client_, &pod_}) {
            if (side->fd) ::setsockopt(side->fd.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
        }
    }

    void wants_more() {
        if (unfinished_) return;
        unfinished_ = true;
        owner_.unfinished_.push_back(this);
    }

    friend class TcpForwarder;
    void close_sockets() {
        client_.fd.reset();
        pod_.fd.reset();
    }

    TcpForwarder& owner_;
    uint16_t port_;
    Side client_;
    Side pod_;
    TcpFlow inward_;
    TcpFlow outward_;
    size_t tried_ = 0;
    bool connected_ = false;
    bool unfinished_ = false;
    bool over_ = false;
};

TcpForwarder::TcpForwarder(const EventSet& events, const PodAddresses& pod)
    : events_(events), pod_(pod), most_(sys::current_rlimit(RLIMIT_NOFILE).soft / 4) {}
TcpForwarder::~TcpForwarder() = default;

void TcpForwarder::add(PortListener listener) {
    listeners_.push_back(std::make_unique<Listener>(*this, std::move(listener)));
}

void TcpForwarder::start(sys::Fd client, uint16_t port) {
    auto connection = std::make_unique<Connection>(*this, std::move(client), port);
    Connection& c = *connection;
    connections_.emplace(&c, std::move(connection));
    if (c.start()) return;
    c.reset();
    close(c);
}

void TcpForwarder::close(Connection& connection) {
    const auto at = connections_.find(&connection);
    if (at == connections_.end()) return;
    connection.mark_over();
    connection.close_sockets();
    closed_.push_back(std::move(at->second));
    connections_.erase(at);
}

void TcpForwarder::pause() {
    paused_ = true;
    paused_ms_ = now_ms();
}

void TcpForwarder::resume_listeners() {
    paused_ = false;
    for (const auto& listener : listeners_) listener->resume();
}

int TcpForwarder::end_turn() {
    std::vector<Connection*> work;
    work.swap(unfinished_);
    for (Connection* connection : work) {
        if (!connection->advance()) close(*connection);
    }
    const bool closed = !closed_.empty();
    if (closed) {
        std::erase_if(unfinished_, [](const Connection* c) { return c->over_; });
        closed_.clear();
    }
    // Descriptors also become free where nobody tells us.
    if (paused_ && (closed || now_ms() - paused_ms_ >= kPauseMs)) resume_listeners();
    if (!unfinished_.empty()) return 0;
    return paused_ ? kPauseMs : -1;
}

}  // namespace rpod::net
