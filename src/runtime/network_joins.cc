// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/network_joins.hh"

#include <poll.h>

#include <algorithm>

#include "base/error.hh"
#include "base/log.hh"

namespace rpod::runtime {
namespace {

using namespace std::chrono_literals;

/// The kernel takes a while to clear up behind a dead process: the pod's old interface may still be there.
constexpr auto kRetry = 100ms;
/// Half a minute, with what lies between them.
constexpr unsigned kMaxFailures = 20;

/// Nothing is sent unasked: what is readable has come to its end.
bool has_ended(const sys::Channel& channel) {
    pollfd entry{.fd = channel.fd(), .events = POLLIN, .revents = 0};
    return channel.fd() < 0 || ::poll(&entry, 1, 0) > 0;
}

/// @return false where somebody else is about to start the network's process
bool try_rejoin(NetworkJoin& join, int pod_network) {
    auto channel = join.again();
    if (!channel) return false;
    join.channel = *std::move(channel);
    try {
        join_network(join, pod_network);
    } catch (const Error&) {
        join.channel.close();
        throw;
    }
    return true;
}

}  // namespace

void NetworkJoins::join(std::vector<NetworkJoin>& joins, int pod_network) {
    joins_ = &joins;
    pod_network_ = pod_network;
    failures_ = 0;
    for (auto& join : joins) {
        // Its process may have died while the pod did not run.
        if (!has_ended(join.channel)) {
            join_network(join, pod_network);
        } else if (!try_rejoin(join, pod_network)) {
            join.channel.close();
            retry_.arm(kRetry);
        }
    }
}

void NetworkJoins::add(NetworkJoin& join) const { join_network(join, pod_network_); }

void NetworkJoins::end() {
    joins_ = nullptr;
    retry_.disarm();
}

std::vector<int> NetworkJoins::fds() const {
    if (!joins_) return {};
    std::vector<int> fds{retry_.fd()};
    for (const auto& join : *joins_) fds.push_back(join.channel.fd());
    return fds;
}

void NetworkJoins::serve() {
    if (!joins_) return;
    note_lost();
    rejoin_lost();
}

void NetworkJoins::note_lost() {
    for (auto& join : *joins_) {
        if (join.channel.fd() < 0 || !has_ended(join.channel)) continue;
        log::warn("network {}: its process has ended; it is started again", join.network);
        join.channel.close();
    }
}

void NetworkJoins::rejoin_lost() {
    retry_.disarm();
    bool lost = false;
    for (auto& join : *joins_) {
        if (join.channel.fd() >= 0) continue;
        try {
            if (try_rejoin(join, pod_network_)) {
                failures_ = 0;
                continue;
            }
        } catch (const Error& e) {
            if (++failures_ >= kMaxFailures) {
                log::error("{}; the container goes on without the network", e.what());
                continue;
            }
            log::debug("{}", e.what());
        }
        lost = true;
    }
    if (lost) retry_.arm(kRetry * std::min(failures_ + 1, 15U));
}

}  // namespace rpod::runtime
