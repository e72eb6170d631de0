// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/monitor.hh"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "container/record.hh"
#include "container/relay.hh"
#include "runtime/launch.hh"
#include "sys/file.hh"
#include "sys/namespace.hh"
#include "sys/process.hh"
#include "sys/signals.hh"

namespace rpod::container {
namespace {

class Monitor {
  public:
    Monitor(MonitorJob& job, MonitorEnd client)
        : job_(job), client_(std::move(client)), children_({SIGCHLD}) {}

    int run() {
        try {
            create();
            if (!wait_for_start()) return kExitFailed;
            start();
        } catch (const Error& e) {
            log::debug("{}", e.what());
            end_unstarted();
            client_.failed(e);
            job_.clean_up();
            return kExitFailed;
        }
        loop();
        finish();
        return 0;
    }

  private:
    void create() {
        launched_.emplace(runtime::launch(job_.plan));
        write_state(job_.directory, {.status = Status::created, .pid = launched_->host_pid(), .started = {}});
        client_.created(job_.id);
    }

    /// @return false where the client went away instead: nobody has seen this container run
    bool wait_for_start() {
        for (;;) {
            const auto message = client_.receive();
            if (!message) {
                end_unstarted();
                job_.clean_up();
                return false;
            }
            if (message->kind == AttachKind::start) return true;
            if (message->kind == AttachKind::resize) resize(message->text);
        }
    }

    void start() {
        launched_->start();
        write_state(job_.directory, {.status = Status::running,
                                     .pid = launched_->host_pid(),
                                     .started = std::chrono::system_clock::now()});
        client_.started();
        open_relays();
        arm_timeout();
    }

    /// Kills what there is, releases the name.
    void end_unstarted() {
        if (launched_) {
            sys::send_signal(launched_->pidfd(), SIGKILL);
            sys::wait_for_pidfd(launched_->pidfd());
            launched_.reset();
        }
        job_.release();
    }

    void open_relays() {
        if (launched_->console) {
            // Input and output are one descriptor each way, so that each side ends for itself.
            input_.emplace(sys::Fd(
                check(::fcntl(launched_->console.get(), F_DUPFD_CLOEXEC, 3), "duplicate the terminal")));
            outputs_.emplace_back(AttachKind::stdout_data, std::move(launched_->console));
            return;
        }
        if (launched_->stdin_pipe) input_.emplace(std::move(launched_->stdin_pipe));
        if (launched_->stdout_pipe)
            outputs_.emplace_back(AttachKind::stdout_data, std::move(launched_->stdout_pipe));
        if (launched_->stderr_pipe)
            outputs_.emplace_back(AttachKind::stderr_data, std::move(launched_->stderr_pipe));
    }

    void arm_timeout() {
        if (job_.timeout.count() == 0) return;
        timer_ =
            sys::Fd(check(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "create a timer"));
        const itimerspec when{.it_interval = {}, .it_value = {.tv_sec = job_.timeout.count(), .tv_nsec = 0}};
        check(::timerfd_settime(timer_.get(), 0, &when, nullptr), "set a timer");
    }

    /// Until the payload has ended and all of its output is delivered.
    void loop() {
        while (!status_ || !output_delivered()) {
            poll_once();
        }
    }

    bool output_delivered() const {
        for (const auto& output : outputs_) {
            if (!output.finished()) return false;
        }
        return true;
    }

    void poll_once() {
        std::vector<pollfd> fds;
        const auto add = [&](int fd, short events) {
            fds.push_back({.fd = fd, .events = events, .revents = 0});
            return fds.size() - 1;
        };
        const auto children = add(children_.fd(), POLLIN);
        const auto timer = add(timer_.get(), POLLIN);
        bool blocked = false;
        for (const auto& output : outputs_) blocked = blocked || output.has_pending();
        const auto client = add(client_.connected() ? client_.fd() : -1,
                                static_cast<short>(POLLIN | (blocked ? POLLOUT : 0)));
        const auto input = add(input_ && input_->has_pending() ? input_->fd() : -1, POLLOUT);
        const auto first_output = fds.size();
        for (const auto& output : outputs_) add(output.wants_more() ? output.fd() : -1, POLLIN);

        // Once the payload is gone, what its pipes still hold is taken without waiting for stray writers.
        const int ready = ::poll(fds.data(), fds.size(), status_ && !blocked ? 0 : -1);
        if (ready < 0 && errno == EINTR) return;
        check(ready, "wait for events");
        if (fds[timer].revents) kill_for_timeout();
        if (fds[client].revents & (POLLIN | POLLHUP)) take_message();
        if (fds[input].revents) write_input();
        for (size_t i = 0; i < outputs_.size(); ++i) {
            auto& output = outputs_[i];
            if (fds[first_output + i].revents) {
                output.fill();
            } else if (ready == 0 && status_) {
                output.close();
            }
            output.drain(client_);
        }
        if (fds[children].revents) reap();
    }

    void kill_for_timeout() {
        log::info("the timeout of {} s is over", job_.timeout.count());
        timer_.reset();
        sys::send_signal(launched_->pidfd(), SIGKILL);
    }

    void take_message() {
        const auto message = client_.receive();
        if (!message) return;
        switch (message->kind) {
            case AttachKind::signal:
                if (const auto number = parse_uint(message->text, 64)) {
                    sys::send_signal(launched_->pidfd(), static_cast<int>(*number));
                }
                return;
            case AttachKind::resize:
                return resize(message->text);
            case AttachKind::stdin_data:
                if (!input_) return client_.stdin_taken();
                input_->set(message->text);
                return write_input();
            case AttachKind::stdin_end:
                // A terminal has no end of input but the one that its user types.
                if (!job_.plan.spec.process.terminal) input_.reset();
                return;
            case AttachKind::output_end:
                return end_output(message->text);
            default:
                return;
        }
    }

    /// The payload gets what it would get from a reader that left: SIGPIPE, or a hangup of its terminal.
    void end_output(std::string_view fd) {
        const auto stream = fd == "2" ? AttachKind::stderr_data : AttachKind::stdout_data;
        for (auto& output : outputs_) {
            if (output.stream() == stream) output.close();
        }
        if (job_.plan.spec.process.terminal) input_.reset();
    }

    void write_input() {
        if (!input_ || !input_->drain()) return;
        client_.stdin_taken();
        if (input_->broken()) input_.reset();
    }

    void resize(const std::string& text) {
        const int terminal = !outputs_.empty() ? outputs_.front().fd() : launched_->console.get();
        const auto fields = split(text, ' ');
        if (fields.size() != 2 || terminal < 0) return;
        sys::set_window_size(
            terminal, {.rows = static_cast<uint16_t>(parse_uint(fields[0], UINT16_MAX).value_or(0)),
                       .columns = static_cast<uint16_t>(parse_uint(fields[1], UINT16_MAX).value_or(0))});
    }

    /// Our own children, and what the container left to us as PID 1.
    void reap() {
        while (children_.next()) {
        }
        int status = 0;
        for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
            const auto ended = sys::ExitStatus::from_wait(status);
            if (pid == launched_->pid()) {
                status_ = ended;
                continue;
            }
            if (!status_) launched_->servers().replace(pid, ended);
        }
    }

    void finish() {
        write_exit(job_.directory, {.status = *status_, .finished = std::chrono::system_clock::now()});
        job_.release();
        client_.exited(*status_);
        // The mounts, rpod:net and rpod:overlay go with this, while the user has their prompt back.
        launched_.reset();
        job_.clean_up();
    }

    MonitorJob& job_;
    MonitorEnd client_;
    sys::SignalQueue children_;
    std::optional<runtime::Launched> launched_;
    std::optional<InputRelay> input_;
    std::vector<OutputRelay> outputs_;
    sys::Fd timer_;
    std::optional<sys::ExitStatus> status_;
};

/// Nothing of the command stays: not its terminal, not its descriptors.
void leave_command(const MonitorJob& job, const MonitorEnd& client, int holder_fd) {
    auto keep = runtime::descriptors_of(job.plan);
    keep.insert(keep.end(), {client.fd(), holder_fd});
    sys::close_descriptors_except(std::move(keep));
    // Kept for the life of the process.
    const int log_fd =
        sys::open_file(job.directory / "monitor.log", O_WRONLY | O_CREAT | O_APPEND, 0600).release();
    log::redirect(log_fd, "rpod:monitor");
    check(::setsid(), "start a session");
    if (job.plan.stdio != runtime::Stdio::inherit) {
        for (int fd = 0; fd <= 2; ++fd) sys::point_at_null(fd);
    }
    sys::ignore_sigpipe();
    check(::chdir("/"), "enter '/'");
}

}  // namespace

int run_monitor(MonitorJob& job, MonitorEnd client, int holder_fd) {
    try {
        leave_command(job, client, holder_fd);
        // Never closed: closing any descriptor of the file would drop the lock.
        const int alive = sys::open_file(job.directory / "alive", O_RDWR | O_CREAT, 0600).release();
        if (!sys::try_lock(alive, sys::LockKind::exclusive))
            throw Error("container {}: it has a monitor already", job.id);
        sys::unshare_namespaces(CLONE_NEWNS);
    } catch (const Error& e) {
        client.failed(e);
        return kExitFailed;
    }
    return Monitor(job, std::move(client)).run();
}

}  // namespace rpod::container
