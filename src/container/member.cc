// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/member.hh"

#include <poll.h>

#include <algorithm>

#include "base/error.hh"
#include "base/log.hh"
#include "sys/file.hh"
#include "sys/process.hh"

namespace rpod::container {
namespace {

void write_pid(const std::string& file, pid_t pid) {
    if (!file.empty()) sys::replace_file(file, std::to_string(pid), 0644);
}

}  // namespace

Member::Member(MonitorJob job, MonitorEnd client, sys::Fd alive, std::string pod)
    : job_(std::move(job)),
      alive_(std::move(alive)),
      clients_(std::move(client), job_.attached),
      streams_(clients_, job_.plan.spec.process.terminal) {
    state_.pod = std::move(pod);
}

void Member::begin() {
    try {
        open_files();
        launch();
        clients_.all().front().end.tell(AttachKind::created, job_.id);
    } catch (const Error& e) {
        fail(e);
    }
}

void Member::fail(const Error& e) {
    log::debug("{}: {}", job_.id, e.what());
    if (phase_ != Phase::over) give_up();
    clients_.failed(e);
    clean_up();
}

void Member::clean_up() {
    job_.clean_up();
    // The last word: who waits for the end of a container that shares its monitor waits for this.
    alive_.reset();
}

void Member::open_files() {
    clear_exit(job_.directory);
    if (!job_.control_directory.empty()) clients_.listen(job_.control_directory);
    if (job_.notify) job_.notify->listen();
    streams_.open_log(job_.directory, job_.log);
    name_monitor(state_);
    // Before there are mounts: whoever starts it after our death must know whom to wait for.
    set_status(Status::created);
}

void Member::set_status(Status status) {
    state_.status = status;
    write_state(job_.directory, state_);
}

void Member::launch() {
    launched_.emplace(runtime::launch(job_.plan));
    state_.pid = launched_->host_pid();
    job_.event("init", {});
    set_status(phase_ == Phase::created ? Status::created : state_.status);
}

void Member::start() {
    launched_->start();
    state_.started = std::chrono::system_clock::now();
    if (job_.health) job_.health->reset();
    set_status(Status::running);
    write_pid(job_.pidfile, state_.pid);
    write_pid(job_.conmon_pidfile, state_.monitor_pid);
    phase_ = Phase::running;
    ran_since_ = std::chrono::steady_clock::now();
    if (job_.notify) job_.notify->started(state_.monitor_pid);
    job_.event("start", {});
    streams_.open(*launched_);
    if (job_.health) job_.health->begin();
    if (job_.timeout.count() > 0) timeout_.arm(job_.timeout);
}

/// The end of a container that did not come to run, or whose monitor cannot go on.
void Member::give_up() {
    if (launched_ && !status_) {
        sys::send_signal(launched_->pidfd(), SIGKILL);
        sys::wait_for_pidfd(launched_->pidfd());
    }
    if (job_.health) job_.health->end();
    settle_health();
    free_ports();
    launched_.reset();
    if (phase_ == Phase::running) record_exit({.code = 0, .signal = SIGKILL});
    phase_ = Phase::over;
    job_.release();
}

// The poll loop
// ----------------------------------------------------------------------------------------------------------

void Member::add_to(PollSet& set) {
    polled_.timeout = set.add(timeout_.fd(), POLLIN);
    polled_.stop = set.add(stop_timer_.fd(), POLLIN);
    polled_.again = set.add(restart_timer_.fd(), POLLIN);
    polled_.network = set.add(launched_ ? launched_->servers().network_fd() : -1, POLLIN);
    polled_.joins = set.add_all(launched_ ? launched_->servers().joins().fds() : std::vector<int>(), POLLIN);
    polled_.notify = set.add(job_.notify ? job_.notify->fd() : -1, POLLIN);
    if (job_.health) job_.health->add_to(set);
    // The foreground client sets the pace, but not that of the end.
    streams_.add_to(set, status_ || !clients_.holds_back());
    clients_.add_to(set);
}

void Member::serve(const PollSet& set) {
    try {
        turn(set);
    } catch (const Error& e) {
        fail(e);
    }
}

void Member::turn(const PollSet& set) {
    serve_clients(set);
    if (over()) return;
    if (set.ready(polled_.timeout)) kill_for_timeout();
    if (set.ready(polled_.stop)) kill_for_stop();
    if (launched_ && set.ready(polled_.network)) launched_->servers().answer_network();
    if (launched_ && set.any_ready(polled_.joins)) launched_->servers().joins().serve();
    if (job_.notify && set.ready(polled_.notify)) job_.notify->serve();
    if (job_.health) serve_health(set);
    streams_.serve(set, status_.has_value());
    if (set.ready(polled_.again) && phase_ == Phase::backing_off) start_again();
    if (drains() && streams_.output_taken()) end_run();
}

void Member::serve_clients(const PollSet& set) {
    clients_.serve(set, [this](Client& client) { take_message(client); });
    // Nobody has seen this container run.
    if (phase_ == Phase::created && !job_.waits && !clients_.has_foreground()) {
        give_up();
        clean_up();
    }
}

bool Member::take_child(pid_t pid, sys::ExitStatus status) {
    // Once it has ended, the kernel may give its numbers to others.
    if (!launched_ || status_) return false;
    if (pid != launched_->pid()) {
        if (!launched_->servers().replace(pid, status)) return false;
        if (launched_->servers().lost_files()) kill_for_lost_files();
        return true;
    }
    status_ = status;
    if (job_.health) job_.health->end();
    return true;
}

void Member::kill_for_timeout() {
    log::info("the timeout of {} s is over", job_.timeout.count());
    timeout_.disarm();
    sys::send_signal(launched_->pidfd(), SIGKILL);
}

void Member::kill_for_stop() {
    log::info("it did not end by signal {} in time", job_.stop_signal);
    stop_timer_.disarm();
    if (launched_) sys::send_signal(launched_->pidfd(), SIGKILL);
}

/// It could go on for ever without being able to do anything. With a restart policy it gets a new one.
void Member::kill_for_lost_files() {
    constexpr std::string_view kWhy = "the process that served the container's files has ended";
    log::error("{}: the container is killed", kWhy);
    clients_.output(AttachKind::stderr_data, fmt::format("rpod: {}: the container is killed\n", kWhy));
    sys::send_signal(launched_->pidfd(), SIGKILL);
}

// The end of the payload
// ----------------------------------------------------------------------------------------------------------

void Member::record_exit(sys::ExitStatus status) {
    write_exit(job_.directory, {.status = status, .finished = std::chrono::system_clock::now()});
    job_.event("died", status.shell_code());
}

void Member::end_run() {
    streams_.close();
    timeout_.disarm();
    stop_timer_.disarm();
    const bool wanted = starts_again_ || job_.restart.wants_restart(*status_, state_.restarts);
    const bool again = !stopped_by_hand_ && wanted;
    if (again) {
        // First: with an exit and without this word it would pass for one that has ended for good.
        state_.pid = 0;
        set_status(Status::restarting);
    }
    record_exit(*status_);
    if (!again) return finish();
    if (!starts_again_) settle_health();
    clients_.exited(*status_);
    // It would take connections that the next one is to serve.
    if (!job_.plan.network.listeners.empty()) launched_->servers().end_network();
    const auto ran =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - ran_since_);
    launched_.reset();
    phase_ = Phase::backing_off;
    restart_timer_.arm(delay_.next(ran));
}

void Member::start_again() {
    restart_timer_.disarm();
    job_.event("restart", {});
    status_.reset();
    starts_again_ = false;
    ++state_.restarts;
    try {
        launch();
        clear_exit(job_.directory);
        start();
        settle_health();
    } catch (const Error& e) {
        log::warn("start it again: {}", e.what());
        ran_since_ = std::chrono::steady_clock::now();
        phase_ = Phase::running;
        status_ = sys::ExitStatus{.code = e.exit_code(), .signal = 0};
    }
}

/// Who hears of the end finds the ports free.
void Member::free_ports() {
    auto& listeners = job_.plan.network.listeners;
    if (listeners.empty()) return;
    if (launched_) launched_->servers().end_network();
    listeners.clear();
}

void Member::finish() {
    phase_ = Phase::over;
    free_ports();
    job_.event("cleanup", {});
    job_.release();
    settle_health();
    clients_.exited(status_.value_or(sys::ExitStatus{}));
    // The mounts, rpod:net and rpod:overlay go with this, while the user has their prompt back.
    launched_.reset();
    clean_up();
}

}  // namespace rpod::container
