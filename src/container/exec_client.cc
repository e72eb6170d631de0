// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/exec_client.hh"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <vector>

#include "base/error.hh"
#include "container/conduit.hh"
#include "container/detach_keys.hh"
#include "sys/signals.hh"
#include "sys/terminal.hh"

namespace rpod::container {
namespace {

void make_non_blocking(const sys::Fd& fd) {
    if (fd) check(::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK), "prepare a stream");
}

class ExecClient {
  public:
    ExecClient(runtime::Executed& process, bool interactive, const std::string& detach_keys)
        : process_(process), keys_(process.console ? detach_keys : ""), signals_(wanted_signals(process)) {
        make_non_blocking(process_.console);
        make_non_blocking(process_.stdin_pipe);
        if (process_.console) {
            outputs_.emplace_back(process_.console.get(), STDOUT_FILENO);
            if (interactive) input_.emplace(STDIN_FILENO, process_.console.get());
            if (interactive && sys::is_terminal(STDIN_FILENO)) raw_.emplace(STDIN_FILENO);
        } else {
            outputs_.emplace_back(process_.stdout_pipe.get(), STDOUT_FILENO);
            outputs_.emplace_back(process_.stderr_pipe.get(), STDERR_FILENO);
            if (process_.stdin_pipe) input_.emplace(STDIN_FILENO, process_.stdin_pipe.get());
        }
    }

    std::optional<sys::ExitStatus> run() {
        while (!detached_ && !(status_ && all_written())) poll_once();
        if (detached_) return std::nullopt;
        return status_;
    }

  private:
    static std::vector<int> wanted_signals(const runtime::Executed& process) {
        auto signals = sys::forwardable_signals();
        if (process.console) signals.push_back(SIGWINCH);
        return signals;
    }

    bool all_written() const {
        for (const auto& output : outputs_) {
            if (!output.finished()) return false;
        }
        return true;
    }

    void poll_once() {
        std::vector<pollfd> fds;
        const auto add = [&](bool wanted, int fd, short events) {
            fds.push_back({.fd = wanted ? fd : -1, .events = events, .revents = 0});
        };
        bool output_waits = false;
        for (const auto& output : outputs_) {
            add(output.wants_input(), output.source(), POLLIN);
            add(output.wants_output(), output.sink(), POLLOUT);
            output_waits = output_waits || output.wants_output();
        }
        const size_t others = fds.size();
        add(!status_, process_.status_fd(), POLLIN);
        add(true, signals_.fd(), POLLIN);
        add(input_ && !status_ && input_->wants_input(), STDIN_FILENO, POLLIN);
        add(input_ && !status_ && input_->wants_output(), input_ ? input_->sink() : -1, POLLOUT);
        // Once the process is gone, what its pipes still hold is taken without waiting for stray writers.
        const int ready = ::poll(fds.data(), fds.size(), status_ && !output_waits ? 0 : -1);
        if (ready < 0 && errno == EINTR) return;
        check(ready, "wait for events");
        for (size_t i = 0; i < outputs_.size(); ++i) {
            serve_output(outputs_[i], fds[2 * i].revents != 0, fds[2 * i + 1].revents != 0);
            if (ready == 0) outputs_[i].end_input();
        }
        if (fds[others + 2].revents) read_input();
        if (fds[others + 3].revents) input_->drain();
        end_input();
        if (fds[others + 1].revents) pass_signals();
        if (fds[others].revents) status_ = process_.take_status();
    }

    /// A process whose reader left gets what it would get without us: SIGPIPE, or a hangup.
    void serve_output(Conduit& output, bool readable, bool writable) {
        if (readable) output.fill();
        if (writable) output.drain();
        if (!output.broken()) return;
        if (process_.console) {
            input_.reset();
            process_.console.reset();
        } else if (&output == &outputs_[0]) {
            process_.stdout_pipe.reset();
        } else {
            process_.stderr_pipe.reset();
        }
    }

    void read_input() {
        input_->fill([&](std::string data) {
            auto passed = keys_.take(data);
            detached_ = passed.detached;
            return std::move(passed.data);
        });
    }

    /// The end of our input is that of a pipe; a terminal has no end but the one that its user types.
    void end_input() {
        if (!input_ || !input_->finished()) return;
        input_.reset();
        process_.stdin_pipe.reset();
    }

    void pass_signals() {
        while (const auto signal = signals_.next()) {
            if (status_) continue;
            if (*signal != SIGWINCH) {
                sys::send_signal(process_.pidfd(), *signal);
            } else if (const auto size = sys::window_size(STDIN_FILENO); size && process_.console) {
                sys::set_window_size(process_.console.get(), *size);
            }
        }
    }

    runtime::Executed& process_;
    DetachKeys keys_;
    sys::SignalQueue signals_;
    std::vector<Conduit> outputs_;
    std::optional<Conduit> input_;
    std::optional<sys::RawMode> raw_;
    std::optional<sys::ExitStatus> status_;
    bool detached_ = false;
};

}  // namespace

std::optional<sys::ExitStatus> follow(runtime::Executed& process, bool interactive,
                                      const std::string& detach_keys) {
    sys::ignore_sigpipe();
    return ExecClient(process, interactive, detach_keys).run();
}

void leave_terminal_open(runtime::Executed& process) {
    const int console = process.console.get();
    sys::fork_child("rpod:exec", [console] {
        check(::setsid(), "start a session");
        for (int fd = 0; fd <= 2; ++fd) sys::point_at_null(fd);
        sys::close_descriptors_except({console});
        check(::fcntl(console, F_SETFL, O_RDWR), "prepare the terminal");
        char buffer[4096];
        for (;;) {
            const ssize_t n = ::read(console, buffer, sizeof buffer);
            if (n == 0 || (n < 0 && errno != EINTR)) return 0;
        }
    });
}

}  // namespace rpod::container
