// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/clients.hh"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "base/log.hh"
#include "container/control.hh"
#include "sys/file.hh"
#include "sys/unix_socket.hh"

namespace rpod::container {
namespace {

/// How long a client may read nothing while the monitor is about to end.
constexpr int kLingerMs = 1000;

}  // namespace

Clients::Clients(MonitorEnd foreground, bool gets_output) {
    all_.push_back(Client{.end = std::move(foreground),
                          .foreground = true,
                          .out = gets_output,
                          .err = gets_output,
                          .waits_for_exit = true});
}

void Clients::listen(const std::string& directory) {
    const auto dir = sys::open_file(directory, O_PATH | O_DIRECTORY);
    listener_ = sys::listen_at(dir.get(), kControlSocket);
}

void Clients::accept() {
    while (auto channel = sys::accept_own(listener_.get())) {
        if (all_.size() >= kMost) {
            log::warn("a client is turned away: there are {} already", kMost);
            continue;
        }
        all_.push_back(Client{.end = MonitorEnd(std::move(*channel))});
    }
}

bool Clients::has_foreground() const {
    return std::any_of(all_.begin(), all_.end(),
                       [](const Client& c) { return c.foreground && c.end.connected(); });
}

bool Clients::holds_back() const {
    return std::any_of(all_.begin(), all_.end(), [](const Client& c) {
        return c.foreground && c.end.connected() && c.end.has_pending();
    });
}

bool Clients::has_pending() const {
    return std::any_of(all_.begin(), all_.end(),
                       [](const Client& c) { return c.end.connected() && c.end.has_pending(); });
}

void Clients::add_to(PollSet& set) {
    first_ = set.add(listener_.get(), POLLIN);
    polled_ = all_.size();
    for (const auto& client : all_)
        set.add(client.end.fd(), static_cast<short>(POLLIN | (client.end.has_pending() ? POLLOUT : 0)));
}

void Clients::serve(const PollSet& set, const std::function<void(Client&)>& take) {
    for (size_t i = 0; i < polled_; ++i) {
        const short events = set.fds[first_ + 1 + i].revents;
        if (events & POLLOUT) all_[i].end.drain();
        if (events & (POLLIN | POLLHUP)) take(all_[i]);
    }
    forget_gone();
    if (set.ready(first_)) accept();
}

void Clients::forget_gone() {
    std::erase_if(all_, [](const Client& c) { return !c.end.connected(); });
}

void Clients::output(AttachKind stream, std::string_view data) {
    for (auto& client : all_) {
        if (!client.wants(stream)) continue;
        if (!client.foreground && client.end.pending_bytes() + data.size() > kMaxBehind) {
            log::warn("a client is let go: it does not read its output");
            client.end.close();
            continue;
        }
        client.end.tell(stream, data);
    }
}

void Clients::stdin_taken() {
    for (auto& client : all_) {
        if (std::exchange(client.input_in_flight, false)) client.end.tell(AttachKind::stdin_taken);
    }
}

void Clients::exited(sys::ExitStatus status) {
    for (auto& client : all_) {
        if (!client.waits_for_exit) continue;
        client.end.exited(status);
        client.out = client.err = client.waits_for_exit = false;
    }
}

void Clients::checked(std::string_view health) {
    for (auto& client : all_) {
        if (std::exchange(client.waits_for_check, false)) client.end.tell(AttachKind::done, health);
    }
}

void Clients::not_checked(const Error& why) {
    for (auto& client : all_) {
        if (std::exchange(client.waits_for_check, false)) client.end.failed(why);
    }
}

void Clients::failed(const Error& e) {
    for (auto& client : all_) {
        if (client.waits_for_exit) client.end.failed(e);
    }
}

void Clients::linger() {
    for (;;) {
        std::vector<pollfd> fds;
        for (auto& client : all_) {
            client.end.drain();
            if (client.end.has_pending() && client.end.connected())
                fds.push_back({.fd = client.end.fd(), .events = POLLOUT, .revents = 0});
        }
        if (fds.empty()) return;
        const int ready = ::poll(fds.data(), fds.size(), holds_back() ? -1 : kLingerMs);
        if (ready == 0 || (ready < 0 && errno != EINTR)) return;
    }
}

}  // namespace rpod::container
