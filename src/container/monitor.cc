// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/monitor.hh"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "container/clients.hh"
#include "container/freezer.hh"
#include "container/port_json.hh"
#include "container/record.hh"
#include "container/streams.hh"
#include "net/listen.hh"
#include "runtime/launch.hh"
#include "sys/file.hh"
#include "sys/namespace.hh"
#include "sys/process.hh"
#include "sys/signals.hh"
#include "sys/timer.hh"

namespace rpod::container {
namespace {

class Monitor {
  public:
    Monitor(MonitorJob& job, MonitorEnd client)
        : job_(job),
          clients_(std::move(client), job.attached),
          children_({SIGCHLD}),
          streams_(clients_, job.plan.spec.process.terminal) {}

    int run() {
        try {
            open_files();
            launch();
            clients_.all().front().end.tell(AttachKind::created, job_.id);
            while (phase_ != Phase::over) poll_once();
        } catch (const Error& e) {
            log::debug("{}", e.what());
            give_up();
            clients_.failed(e);
            job_.clean_up();
        }
        clients_.linger();
        return status_ ? 0 : kExitFailed;
    }

  private:
    enum class Phase { created, running, backing_off, over };

    void open_files() {
        clear_exit(job_.directory);
        if (!job_.control_directory.empty()) clients_.listen(job_.control_directory);
        streams_.open_log(job_.directory, job_.log);
        state_.monitor_pid = sys::pid_in_proc(sys::open_pidfd(::getpid()).get());
        state_.monitor_start = sys::process_start(state_.monitor_pid);
        // Before there are mounts: whoever starts it after our death must know whom to wait for.
        set_status(Status::created);
    }

    void set_status(Status status) {
        state_.status = status;
        write_state(job_.directory, state_);
    }

    void launch() {
        launched_.emplace(runtime::launch(job_.plan));
        state_.pid = launched_->host_pid();
        job_.event("init", {});
        set_status(phase_ == Phase::created ? Status::created : state_.status);
    }

    void start() {
        launched_->start();
        state_.started = std::chrono::system_clock::now();
        set_status(Status::running);
        write_pid(job_.pidfile, state_.pid);
        write_pid(job_.conmon_pidfile, state_.monitor_pid);
        phase_ = Phase::running;
        ran_since_ = std::chrono::steady_clock::now();
        job_.event("start", {});
        streams_.open(*launched_);
        if (job_.timeout.count() > 0) timeout_.arm(job_.timeout);
    }

    static void write_pid(const std::string& file, pid_t pid) {
        if (!file.empty()) sys::replace_file(file, std::to_string(pid), 0644);
    }

    /// The end of a container that did not come to run, or whose monitor cannot go on.
    void give_up() {
        if (launched_ && !status_) {
            sys::send_signal(launched_->pidfd(), SIGKILL);
            sys::wait_for_pidfd(launched_->pidfd());
        }
        free_ports();
        launched_.reset();
        if (phase_ == Phase::running) record_exit({.code = 0, .signal = SIGKILL});
        phase_ = Phase::over;
        job_.release();
    }

    // The poll loop
    // ------------------------------------------------------------------------------------------------------

    void poll_once() {
        PollSet set;
        const auto children = set.add(children_.fd(), POLLIN);
        const auto listener = set.add(clients_.listener(), POLLIN);
        const auto timeout = set.add(timeout_.fd(), POLLIN);
        const auto stop = set.add(stop_timer_.fd(), POLLIN);
        const auto again = set.add(restart_timer_.fd(), POLLIN);
        // The foreground client sets the pace, but not that of the end.
        streams_.add_to(set, status_ || !clients_.holds_back());
        const auto first_client = set.fds.size();
        for (const auto& client : clients_.all())
            set.add(client.end.fd(), static_cast<short>(POLLIN | (client.end.has_pending() ? POLLOUT : 0)));

        // Once the payload is gone, what its pipes still hold is taken without waiting for stray writers.
        const int ready =
            ::poll(set.fds.data(), set.fds.size(), phase_ == Phase::running && status_ ? 0 : -1);
        if (ready < 0 && errno == EINTR) return;
        check(ready, "wait for events");
        serve_clients(set, first_client);
        if (set.ready(timeout)) kill_for_timeout();
        if (set.ready(stop)) kill_for_stop();
        streams_.serve(set, ready == 0 && status_);
        if (set.ready(listener)) clients_.accept();
        if (set.ready(children)) launched_ ? reap() : discard_children();
        if (set.ready(again) && phase_ == Phase::backing_off) start_again();
        if (phase_ == Phase::running && status_ && streams_.output_taken()) end_run();
    }

    void kill_for_timeout() {
        log::info("the timeout of {} s is over", job_.timeout.count());
        timeout_.disarm();
        sys::send_signal(launched_->pidfd(), SIGKILL);
    }

    void kill_for_stop() {
        log::info("it did not end by signal {} in time", job_.stop_signal);
        stop_timer_.disarm();
        if (launched_) sys::send_signal(launched_->pidfd(), SIGKILL);
    }

    // What clients ask for
    // ------------------------------------------------------------------------------------------------------

    void serve_clients(const PollSet& set, size_t first) {
        auto& all = clients_.all();
        for (size_t i = 0; i < all.size(); ++i) {
            const short events = set.fds[first + i].revents;
            if (events & POLLOUT) all[i].end.drain();
            if (events & (POLLIN | POLLHUP)) take_message(all[i]);
        }
        clients_.forget_gone();
        // Nobody has seen this container run.
        if (phase_ == Phase::created && !job_.waits && !clients_.has_foreground()) {
            give_up();
            job_.clean_up();
        }
    }

    void take_message(Client& client) {
        const auto message = client.end.receive();
        if (!message) return;
        try {
            answer(client, *message);
        } catch (const Error& e) {
            // A start that fails is the container's end; the rest is between us and this client.
            if (message->kind == AttachKind::start) throw;
            client.end.failed(e);
        }
    }

    void answer(Client& client, const AttachMessage& message) {
        switch (message.kind) {
            case AttachKind::start:
                client.waits_for_exit = true;
                if (phase_ == Phase::created) start();
                if (job_.attached) job_.event("attach", {});
                return client.end.tell(AttachKind::started);
            case AttachKind::attach:
                return attach(client, message.text);
            case AttachKind::watch:
                client.waits_for_exit = true;
                return;
            case AttachKind::signal:
                if (launched_) send_signal(message.text);
                return;
            case AttachKind::kill:
                if (launched_) note_kill(send_signal(message.text));
                return client.end.tell(AttachKind::done);
            case AttachKind::stop:
                client.waits_for_exit = true;
                return stop(message.text);
            case AttachKind::pause:
                pause();
                return client.end.tell(AttachKind::done);
            case AttachKind::unpause:
                unpause();
                return client.end.tell(AttachKind::done);
            case AttachKind::publish:
                return client.end.tell(AttachKind::done, publish(message.text));
            case AttachKind::unpublish:
                unpublish(message.text);
                return client.end.tell(AttachKind::done);
            case AttachKind::resize:
                return streams_.resize(message.text);
            case AttachKind::stdin_data:
                return streams_.take_input(client, message.text);
            case AttachKind::stdin_end:
                return streams_.end_input();
            case AttachKind::output_end:
                return streams_.end_output(client, message.text);
            default:
                return client.end.close();
        }
    }

    void attach(Client& client, std::string_view streams) {
        client.out = streams.find('1') != std::string_view::npos;
        client.err = streams.find('2') != std::string_view::npos;
        client.waits_for_exit = true;
        client.end.tell(AttachKind::started);
    }

    int send_signal(std::string_view text) {
        const auto number = parse_uint(text, 64);
        if (!number || *number == 0) return 0;
        sys::send_signal(launched_->pidfd(), static_cast<int>(*number));
        return static_cast<int>(*number);
    }

    /// Who kills a container by hand does not want it back.
    void note_kill(int signal) {
        if (signal == SIGKILL || signal == job_.stop_signal) stopped_by_hand_ = true;
        job_.event("kill", {});
    }

    void stop(std::string_view text) {
        if (state_.status == Status::paused) {
            throw Error(
                "can only stop created or running containers. {} is in state paused: container state "
                "improper",
                job_.id);
        }
        stopped_by_hand_ = true;
        job_.event("stop", {});
        if (phase_ == Phase::backing_off) return finish();
        if (phase_ == Phase::created) {
            give_up();
            clients_.exited({});
            return job_.clean_up();
        }
        const auto given = parse_uint(text, UINT32_MAX);
        const auto seconds = given ? std::chrono::seconds(*given) : job_.stop_timeout;
        set_status(Status::stopping);
        if (seconds.count() == 0) return kill_for_stop();
        sys::send_signal(launched_->pidfd(), job_.stop_signal);
        stop_timer_.arm(seconds);
    }

    void pause() {
        if (phase_ != Phase::running || state_.status != Status::running)
            throw Error("\"{}\" is not running, can't pause: container state improper", job_.id);
        if (!job_.own_pid_namespace) {
            throw Error("pause {}: it shares its PID namespace with others, whom this would stop, too",
                        job_.id);
        }
        stop_processes(launched_->pidfd(), state_.pid);
        set_status(Status::paused);
        job_.event("pause", {});
    }

    void unpause() {
        if (phase_ != Phase::running || state_.status != Status::paused)
            throw Error("\"{}\" is not paused, can't unpause: container state improper", job_.id);
        continue_processes(launched_->pidfd(), state_.pid);
        set_status(Status::running);
        job_.event("unpause", {});
    }

    /// @return the ports, with those of the host's that were free
    std::string publish(std::string_view text) {
        auto ports = parse_ports(text, "publish");
        auto& network = job_.plan.network;
        for (auto& listener : net::open_listeners(ports, net::LowPorts::refuse)) {
            if (launched_) launched_->servers().add_port(listener, network);
            network.listeners.push_back(std::move(listener));
        }
        return ports_to_json(ports).dump();
    }

    /// Whoever holds a copy sees the end that shutdown(2) makes, and lets go of it.
    void unpublish(std::string_view text) {
        for (const auto& port : parse_ports(text, "unpublish")) {
            if (launched_) launched_->servers().forget_port(port.container_port, port.transport);
            std::erase_if(job_.plan.network.listeners, [&](const net::PortListener& listener) {
                if (listener.transport != port.transport || listener.container_port != port.container_port)
                    return false;
                ::shutdown(listener.socket.get(), SHUT_RDWR);
                return true;
            });
        }
    }

    // The end of the payload
    // ------------------------------------------------------------------------------------------------------

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

    void discard_children() {
        while (children_.next()) {
        }
        while (::waitpid(-1, nullptr, WNOHANG) > 0) {
        }
    }

    void record_exit(sys::ExitStatus status) {
        write_exit(job_.directory, {.status = status, .finished = std::chrono::system_clock::now()});
        job_.event("died", status.shell_code());
    }

    void end_run() {
        streams_.close();
        timeout_.disarm();
        stop_timer_.disarm();
        const bool again = !stopped_by_hand_ && job_.restart.wants_restart(*status_, state_.restarts);
        if (again) {
            // First: with an exit and without this word it would pass for one that has ended for good.
            state_.pid = 0;
            set_status(Status::restarting);
        }
        record_exit(*status_);
        if (!again) return finish();
        clients_.exited(*status_);
        // It would take connections that the next one is to serve.
        if (!job_.plan.network.listeners.empty()) launched_->servers().end_network();
        const auto ran = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - ran_since_);
        launched_.reset();
        phase_ = Phase::backing_off;
        restart_timer_.arm(delay_.next(ran));
    }

    void start_again() {
        restart_timer_.disarm();
        job_.event("restart", {});
        status_.reset();
        ++state_.restarts;
        try {
            launch();
            clear_exit(job_.directory);
            start();
        } catch (const Error& e) {
            log::warn("start it again: {}", e.what());
            ran_since_ = std::chrono::steady_clock::now();
            phase_ = Phase::running;
            status_ = sys::ExitStatus{.code = e.exit_code(), .signal = 0};
        }
    }

    /// Who hears of the end finds the ports free.
    void free_ports() {
        auto& listeners = job_.plan.network.listeners;
        if (listeners.empty()) return;
        if (launched_) launched_->servers().end_network();
        listeners.clear();
    }

    void finish() {
        phase_ = Phase::over;
        free_ports();
        job_.event("cleanup", {});
        job_.release();
        clients_.exited(status_.value_or(sys::ExitStatus{}));
        // The mounts, rpod:net and rpod:overlay go with this, while the user has their prompt back.
        launched_.reset();
        job_.clean_up();
    }

    MonitorJob& job_;
    Clients clients_;
    sys::SignalQueue children_;
    Streams streams_;
    Phase phase_ = Phase::created;
    State state_;
    std::optional<runtime::Launched> launched_;
    sys::Timer timeout_, stop_timer_, restart_timer_;
    RestartDelay delay_;
    std::chrono::steady_clock::time_point ran_since_;
    bool stopped_by_hand_ = false;
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
    } else if (job.null_stdin) {
        sys::point_at_null(0);
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
