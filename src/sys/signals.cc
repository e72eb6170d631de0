// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/signals.hh"

#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::sys {

SignalQueue::SignalQueue(const std::vector<int>& signals) {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : signals) ::sigaddset(&set, signal);
    check(::sigprocmask(SIG_BLOCK, &set, nullptr), "block signals");
    fd_ = Fd(check(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "queue signals"));
}

std::optional<int> SignalQueue::next() const {
    signalfd_siginfo info{};
    const ssize_t n = ::read(fd_.get(), &info, sizeof info);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
    check(n, "read a signal");
    return static_cast<int>(info.ssi_signo);
}

std::vector<int> forwardable_signals() {
    constexpr std::array kept{SIGKILL, SIGSTOP, SIGSEGV, SIGBUS,   SIGFPE,  SIGILL,  SIGTRAP, SIGSYS,
                              SIGCHLD, SIGPIPE, SIGURG,  SIGWINCH, SIGTTIN, SIGTTOU, SIGTSTP};
    std::vector<int> signals;
    for (int signal = 1; signal < SIGRTMIN; ++signal) {
        // 32 and 33 belong to the C library.
        if (signal >= 32 || std::find(kept.begin(), kept.end(), signal) != kept.end()) continue;
        signals.push_back(signal);
    }
    for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) signals.push_back(signal);
    return signals;
}

std::optional<int> parse_signal(std::string_view text) {
    if (const auto number = parse_uint(text, static_cast<uint64_t>(SIGRTMAX))) {
        return *number > 0 ? std::optional(static_cast<int>(*number)) : std::nullopt;
    }
    std::string name = to_lower(text);
    if (name.starts_with("sig")) name.erase(0, 3);
    for (int signal = 1; signal < 32; ++signal) {
        const char* abbreviation = ::sigabbrev_np(signal);
        if (abbreviation && name == to_lower(abbreviation)) return signal;
    }
    if (name.starts_with("rtmin") || name.starts_with("rtmax")) {
        const bool from_min = name[4] == 'n';
        const auto offset =
            name.size() == 5 ? std::optional<int64_t>(0) : parse_int(name.substr(name[5] == '+' ? 6 : 5));
        if (!offset) return std::nullopt;
        const int64_t signal = (from_min ? SIGRTMIN : SIGRTMAX) + *offset;
        if (signal >= SIGRTMIN && signal <= SIGRTMAX) return static_cast<int>(signal);
    }
    return std::nullopt;
}

std::string signal_name(int number) {
    if (const char* abbreviation = ::sigabbrev_np(number)) return fmt::format("SIG{}", abbreviation);
    if (number >= SIGRTMIN && number <= SIGRTMAX) return fmt::format("SIGRTMIN+{}", number - SIGRTMIN);
    return std::to_string(number);
}

void ignore_sigpipe() noexcept { ::signal(SIGPIPE, SIG_IGN); }

void reset_signals() noexcept {
    for (int signal = 1; signal < NSIG; ++signal) {
        if (signal != SIGKILL && signal != SIGSTOP) ::signal(signal, SIG_DFL);
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace rpod::sys
