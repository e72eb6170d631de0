// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/serve.hh"

#include <unistd.h>

#include <optional>
#include <vector>

#include "base/error.hh"
#include "base/log.hh"
#include "net/clock.hh"
#include "net/dns_tcp.hh"
#include "net/dns_udp.hh"
#include "net/frame.hh"
#include "net/resolvers.hh"
#include "net/sandbox.hh"
#include "net/slirp.hh"

namespace rpod::net {
namespace {

/// Frames taken from the tap before sockets have their turn again.
constexpr int kFrameBatch = 64;

/// While the pod resolves names, the monitor looks at the host's resolv.conf this often: a laptop that has
/// moved to another network has other resolvers. A pod that resolves nothing wakes nobody.
constexpr int64_t kAskEveryMs = 5000;

class Loop final : FrameSink {
  public:
    Loop(sys::Fd tap, const SlirpConfig& config, const ResolvConf& resolvers, const ServeEnd& monitor)
        : tap_(std::move(tap)),
          monitor_(monitor),
          filter_(config),
          resolvers_(resolvers),
          slirp_(config, *this),
          dns_udp_(config, resolvers_, *this),
          dns_tcp_(config, resolvers_, slirp_),
          internal_(config.internal) {
        if (config.names) set_names(*config.names);
    }

    void run() {
        monitor_.ready();
        while (turn()) {
        }
    }

  private:
    /// false: the monitor or the tap is gone.
    bool turn() {
        poll_.clear();
        const size_t monitor = poll_.add(monitor_.fd(), POLLIN);
        const size_t tap = poll_.add(tap_.get(), POLLIN);
        int timeout = slirp_.register_sockets(poll_);
        timeout = earlier(timeout, dns_udp_.register_sockets(poll_));
        timeout = earlier(timeout, dns_tcp_.register_sockets(poll_));
        if (!poll_.wait(timeout)) return true;
        if (poll_.revents(monitor) && !handle_monitor()) return false;
        dns_udp_.handle_sockets(poll_);
        dns_tcp_.handle_sockets(poll_);
        slirp_.handle_sockets(poll_);
        const bool goes_on = !poll_.revents(tap) || drain_tap();
        refresh_resolvers();
        return goes_on;
    }

    void refresh_resolvers() {
        if (resolvers_.queries() == seen_queries_) return;
        seen_queries_ = resolvers_.queries();
        const auto now = now_ms();
        if (now - asked_ms_ < kAskEveryMs) return;
        asked_ms_ = now;
        monitor_.ask_resolvers();
    }

    bool handle_monitor() {
        const auto update = monitor_.receive();
        if (!update) return false;
        if (update->names) set_names(*update->names);
        if (!update->resolvers) return true;
        resolvers_.set(*update->resolvers);
        dns_udp_.reset();
        return true;
    }

    void set_names(const std::string& text) {
        names_.emplace(text);
        dns_udp_.set_names(&*names_);
        dns_tcp_.set_names(&*names_);
    }

    /// An answer to a frame is often the next frame: the pod's TCP stack runs within our write of an ACK. So
    /// several are taken before poll(2) is asked again.
    bool drain_tap() {
        bool resolved = false;
        for (int i = 0; i < kFrameBatch; ++i) {
            const ssize_t n = ::read(tap_.get(), buffer_.data(), buffer_.size());
            if (n < 0 && errno == EINTR) continue;
            if (n < 0 && errno != EAGAIN) return false;
            if (n < 0) break;
            const std::span<uint8_t> frame(buffer_.data(), static_cast<size_t>(n));
            handle_frame(frame);
            resolved = resolved || may_resolve(frame);
        }
        if (resolved) slirp_.send_queued();
        return true;
    }

    void handle_frame(std::span<uint8_t> frame) {
        if (!filter_.allows(frame)) return;
        if (const auto ip = parse_ip(frame)) {
            if (dns_udp_.take(frame, *ip)) return;
            if (!dns_tcp_.readdress_outward(frame, *ip) && internal_) return;
        }
        slirp_.input(frame);
    }

    /// What does not fit is dropped, as on any network; EIO: the pod has taken tap0 down.
    void to_pod(Bytes frame) override {
        frame = dns_tcp_.readdress_inward(frame).value_or(frame);
        if (::write(tap_.get(), frame.data(), frame.size()) < 0) {
            log::debug("network: a frame of {} bytes for the pod is lost: errno {}", frame.size(), errno);
        }
    }

    sys::Fd tap_;
    const ServeEnd& monitor_;
    FrameFilter filter_;
    Resolvers resolvers_;
    SlirpStack slirp_;
    DnsUdp dns_udp_;
    DnsTcp dns_tcp_;
    std::optional<NameTable> names_;
    bool internal_;
    PollSet poll_;
    uint64_t seen_queries_ = 0;
    int64_t asked_ms_ = now_ms();
    std::vector<uint8_t> buffer_ = std::vector<uint8_t>(kMaxFrame + 1);
};

}  // namespace

int serve(sys::Fd tap, const SlirpConfig& config, const ResolvConf& resolvers, ServeEnd monitor,
          PublishedPorts ports) {
    std::optional<Loop> loop;
    try {
        isolate_environment();
        loop.emplace(std::move(tap), config, resolvers, monitor);
        isolate_files();
        start_forwarding(std::move(ports), config);
        isolate_process();
    } catch (const std::exception& e) {
        monitor.failed(e.what());
        return kExitFailed;
    }
    loop->run();
    return 0;
}

}  // namespace rpod::net
