// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/fd.hh"

namespace rpod::sys {

/// Signals as a descriptor for a poll loop (signalfd(2)). They stay blocked for the rest of the process's
/// life, and for what it forks.
class SignalQueue {
  public:
    /// Blocks and queues these signals.
    explicit SignalQueue(const std::vector<int>& signals);
    int fd() const { return fd_.get(); }
    /// The next queued one, nothing where there is none.
    std::optional<int> next() const;

  private:
    Fd fd_;
};

/// Every signal that a command can pass on to a container: all but those that the kernel keeps, that faults
/// raise, and that the command itself needs (SIGCHLD, SIGWINCH, SIGPIPE, SIGURG).
std::vector<int> forwardable_signals();

/// "KILL", "SIGKILL", "sigkill", "9", "RTMIN+3" → its number, or nothing.
std::optional<int> parse_signal(std::string_view text);
/// 9 → "SIGKILL".
std::string signal_name(int number);

/// Writes to a pipe without a reader become EPIPE instead of a signal.
void ignore_sigpipe() noexcept;

/// Every signal does what it does by default, and none is blocked: what a program of somebody else's expects.
void reset_signals() noexcept;

}  // namespace rpod::sys
