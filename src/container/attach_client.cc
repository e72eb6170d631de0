// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/attach_client.hh"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.hh"
#include "container/detach_keys.hh"
#include "sys/signals.hh"
#include "sys/terminal.hh"

namespace rpod::container {
namespace {

/// Output on its way to one of our own streams. Those may be shared with other programs, so they stay
/// blocking; a pipe or terminal gets no more at once than poll(2) vouches for.
class Outlet {
  public:
    Outlet(int fd, bool wanted) : fd_(wanted ? fd : -1) {
        struct stat st {};
        may_block_ = wanted && ::fstat(fd, &st) == 0 && !S_ISREG(st.st_mode);
    }
    int fd() const { return fd_; }
    bool has_pending() const { return !pending_.empty(); }
    /// Once, after the stream could not be written to.
    bool take_failure() { return std::exchange(failed_, false); }

    void add(std::string data) {
        if (fd_ < 0) return;
        pending_ = std::move(data);
        if (!may_block_) write_some();
    }

    void write_some() {
        while (!pending_.empty()) {
            const size_t size = may_block_ ? std::min<size_t>(pending_.size(), PIPE_BUF) : pending_.size();
            const ssize_t n = ::write(fd_, pending_.data(), size);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) {
                failed_ = true;
                fd_ = -1;
                pending_.clear();
                return;
            }
            pending_.erase(0, static_cast<size_t>(n));
            if (may_block_) return;
        }
    }

  private:
    int fd_;
    bool may_block_ = false;
    bool failed_ = false;
    std::string pending_;
};

class AttachClient {
  public:
    AttachClient(const ClientEnd& monitor, const AttachOptions& options)
        : monitor_(monitor),
          tty_(options.tty),
          reads_input_(options.streams.in),
          out_(STDOUT_FILENO, options.streams.out),
          err_(STDERR_FILENO, options.streams.err),
          signals_(wanted_signals(options.tty, options.sig_proxy)),
          detach_keys_(options.tty ? options.detach_keys : std::string()) {}

    std::optional<sys::ExitStatus> run() {
        // Before raw mode: a failure is reported on a terminal that works.
        monitor_.expect(AttachKind::started);
        if (tty_) pass_window_size();
        if (tty_ && reads_input_ && sys::is_terminal(STDIN_FILENO)) raw_.emplace(STDIN_FILENO);
        while (!detached_ && (!status_ || out_.has_pending() || err_.has_pending())) poll_once();
        return status_;
    }

  private:
    static std::vector<int> wanted_signals(bool tty, bool sig_proxy) {
        auto signals = sig_proxy ? sys::forwardable_signals() : std::vector<int>{};
        if (tty) signals.push_back(SIGWINCH);
        return signals;
    }

    void poll_once() {
        const bool output_waits = out_.has_pending() || err_.has_pending();
        std::array<pollfd, 5> fds{{
            {.fd = output_waits || status_ ? -1 : monitor_.fd(), .events = POLLIN, .revents = 0},
            {.fd = signals_.fd(), .events = POLLIN, .revents = 0},
            {.fd = reads_input_ && !input_in_flight_ && !status_ ? STDIN_FILENO : -1,
             .events = POLLIN,
             .revents = 0},
            {.fd = out_.has_pending() ? out_.fd() : -1, .events = POLLOUT, .revents = 0},
            {.fd = err_.has_pending() ? err_.fd() : -1, .events = POLLOUT, .revents = 0},
        }};
        if (::poll(fds.data(), fds.size(), -1) < 0) {
            if (errno == EINTR) return;
            throw SysError(errno, "wait for events");
        }
        if (fds[3].revents) out_.write_some();
        if (fds[4].revents) err_.write_some();
        if (out_.take_failure() && !status_) monitor_.output_end(STDOUT_FILENO);
        if (err_.take_failure() && !status_) monitor_.output_end(STDERR_FILENO);
        if (fds[1].revents) pass_signals();
        if (fds[0].revents) take_message();
        if (fds[2].revents) read_input();
    }

    void take_message() {
        auto message = monitor_.receive();
        switch (message.kind) {
            case AttachKind::stdout_data:
                return out_.add(std::move(message.text));
            case AttachKind::stderr_data:
                return err_.add(std::move(message.text));
            case AttachKind::stdin_taken:
                input_in_flight_ = false;
                return;
            case AttachKind::exited:
                status_ = parse_exit(message.text);
                return;
            case AttachKind::failed:
                throw parse_failure(message.text);
            default:
                throw Error("the container's monitor spoke out of turn");
        }
    }

    void read_input() {
        char buffer[kAttachChunk];
        const ssize_t n = ::read(STDIN_FILENO, buffer, sizeof buffer);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
        if (n <= 0) {
            reads_input_ = false;
            monitor_.stdin_end();
            return;
        }
        const auto typed = detach_keys_.take({buffer, static_cast<size_t>(n)});
        detached_ = typed.detached;
        if (typed.data.empty()) return;
        monitor_.stdin_data(typed.data);
        input_in_flight_ = true;
    }

    void pass_signals() {
        while (const auto signal = signals_.next()) {
            if (status_) continue;
            if (*signal != SIGWINCH) {
                monitor_.signal(*signal);
            } else {
                pass_window_size();
            }
        }
    }

    void pass_window_size() {
        if (const auto size = sys::window_size(STDIN_FILENO)) monitor_.resize(*size);
    }

    const ClientEnd& monitor_;
    bool tty_;
    bool reads_input_;
    bool input_in_flight_ = false;
    Outlet out_;
    Outlet err_;
    sys::SignalQueue signals_;
    DetachKeys detach_keys_;
    bool detached_ = false;
    std::optional<sys::RawMode> raw_;
    std::optional<sys::ExitStatus> status_;
};

}  // namespace

std::optional<sys::ExitStatus> start_attached(const ClientEnd& monitor, const AttachOptions& options) {
    sys::ignore_sigpipe();
    AttachClient client(monitor, options);
    monitor.start();
    try {
        if (!options.streams.in) monitor.stdin_end();
    } catch (const MonitorGone&) {
        // Why the start failed is among its last words, which are still to be read.
    }
    return client.run();
}

std::optional<sys::ExitStatus> attach_running(const ClientEnd& monitor, const AttachOptions& options) {
    sys::ignore_sigpipe();
    AttachClient client(monitor, options);
    monitor.send(AttachKind::attach,
                 fmt::format("{}{}", options.streams.out ? "1" : "", options.streams.err ? "2" : ""));
    return client.run();
}

}  // namespace rpod::container
