// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "container/attach.hh"
#include "container/poll_set.hh"
#include "sys/fd.hh"

namespace rpod::container {

/// One client of a monitor.
struct Client {
    MonitorEnd end;
    /// It started the container, and sets the pace: while it does not read, no more of the output is taken.
    bool foreground = false;
    bool out = false, err = false;  ///< it gets these streams
    bool waits_for_exit = false;
    bool input_in_flight = false;  ///< it waits for stdin_taken
    bool waits_for_check = false;  ///< of the container's health

    bool wants(AttachKind stream) const { return stream == AttachKind::stderr_data ? err : out; }
};

/// All clients of a monitor: the one on the socket pair, and those that come by the control socket. None of
/// them is ever waited for; one that came by the socket and is more than kMaxBehind bytes behind is let go.
class Clients {
  public:
    static constexpr size_t kMaxBehind = 1 << 20;
    static constexpr size_t kMost = 256;

    /// @param gets_output  whether the foreground client is attached
    Clients(MonitorEnd foreground, bool gets_output);

    /// Opens the control socket. @param directory  the container's own in the runtime directory
    void listen(const std::string& directory);

    std::vector<Client>& all() { return all_; }
    bool has_foreground() const;
    /// Whether the foreground client has not read what it has.
    bool holds_back() const;
    /// Whether any of them has not.
    bool has_pending() const;

    void add_to(PollSet& set);
    /// After the poll: sends what can be sent, has `take` take what has come from a client, forgets those
    /// that are gone, and lets new ones in.
    void serve(const PollSet& set, const std::function<void(Client&)>& take);

    void output(AttachKind stream, std::string_view data);
    void stdin_taken();
    /// To those that are attached or wait for it.
    void exited(sys::ExitStatus status);
    /// To those that wait for a health check: what it says, or why it says nothing.
    void checked(std::string_view health);
    void not_checked(const Error& why);
    void failed(const Error& e);
    void forget_gone();
    /// Sends what is queued before the end: to the foreground client however long it takes, to others while
    /// they go on reading.
    void linger();

  private:
    void accept();

    std::vector<Client> all_;
    sys::Fd listener_;
    size_t first_ = 0, polled_ = 0;  ///< in the poll set: the listener, then so many clients
};

}  // namespace rpod::container
