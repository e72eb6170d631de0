// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "container/attach.hh"
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
    int listener() const { return listener_.get(); }
    void accept();

    std::vector<Client>& all() { return all_; }
    bool has_foreground() const;
    /// Whether the foreground client has not read what it has.
    bool holds_back() const;
    /// Whether any of them has not.
    bool has_pending() const;

    void output(AttachKind stream, std::string_view data);
    void stdin_taken();
    /// To those that are attached or wait for it.
    void exited(sys::ExitStatus status);
    void failed(const Error& e);
    void forget_gone();
    /// Sends what is queued before the end: to the foreground client however long it takes, to others while
    /// they go on reading.
    void linger();

  private:
    std::vector<Client> all_;
    sys::Fd listener_;
};

}  // namespace rpod::container
