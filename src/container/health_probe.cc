// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/health_probe.hh"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "container/create.hh"
#include "container/exec_plan.hh"
#include "container/health_state.hh"
#include "sys/process.hh"

namespace rpod::container {
namespace {

using namespace std::chrono_literals;

/// From killing a check to letting go of what waits for it.
constexpr auto kGrace = 1s;
/// From the end of the processes of a container to that of its first one, at most.
constexpr auto kHold = 200ms;

enum class Word : uint32_t {
    forked = 1,  ///< with the pidfd of the check
    ended,       ///< text: '0', it succeeded, '1', it did not, '9', it was killed; then its output
    failed       ///< text: why there is none
};

void say(const sys::Channel& monitor, Word word, std::string_view text, const std::vector<int>& fds = {}) {
    monitor.send(static_cast<uint32_t>(word), text, fds);
}

/// The helper
/// ---------------------------------------------------------------------------------------------------------

/// Nothing of the monitor stays but the channel: not its log, either.
void leave_monitor(const sys::Channel& monitor) {
    for (int fd = 0; fd <= 2; ++fd) sys::point_at_null(fd);
    log::redirect(STDERR_FILENO, "rpod:health");
    sys::close_descriptors_except({monitor.fd()});
}

/// The front of what the check writes; all of the rest is read, and forgotten.
class Output {
  public:
    explicit Output(runtime::Executed& check) : fds_{&check.stdout_pipe, &check.stderr_pipe} {
        for (auto* fd : fds_) check_flags(fd->get());
    }

    void add_to(PollSet& set) const {
        for (const auto* fd : fds_) set.add(fd->get(), POLLIN);
    }
    void take(const PollSet& set, size_t first) {
        for (size_t i = 0; i < fds_.size(); ++i) {
            if (set.ready(first + i)) read_once(*fds_[i]);
        }
    }
    /// What is there when the check has ended: a pipe's content, not what others go on writing to it.
    void take_rest() {
        for (auto* fd : fds_) {
            if (*fd) read_once(*fd);
        }
    }
    const std::string& front() const { return front_; }

  private:
    static void check_flags(int fd) {
        check(::fcntl(fd, F_SETFL, O_RDONLY | O_NONBLOCK), "prepare the output of a health check");
    }

    void read_once(sys::Fd& fd) {
        const ssize_t n = ::read(fd.get(), buffer_.data(), buffer_.size());
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (n <= 0) return fd.reset();
        // A byte more than is kept: whether the last character is whole is seen at the next one.
        const size_t room = kHealthOutput + 1 - front_.size();
        front_.append(buffer_.data(), std::min(room, static_cast<size_t>(n)));
    }

    std::array<sys::Fd*, 2> fds_;
    std::array<char, 64 << 10> buffer_;
    std::string front_;
};

sys::ExitStatus await(runtime::Executed& check_process, Output& output) {
    for (;;) {
        PollSet set;
        const auto ended = set.add(check_process.status_fd(), POLLIN);
        output.add_to(set);
        if (::poll(set.fds.data(), set.fds.size(), -1) < 0) {
            if (errno == EINTR) continue;
            throw SysError(errno, "wait for a health check");
        }
        if (set.ready(ended)) break;
        output.take(set, ended + 1);
    }
    output.take_rest();
    return check_process.take_status();
}

void run_check(const store::Paths& paths, const std::string& id, const std::vector<std::string>& command,
               const sys::Channel& monitor) {
    const auto directory = paths.containers() / id;
    const auto state = read_state(directory);
    if (!state) throw Error("container {} does not run", id);
    ExecRequest request;
    request.args = command;
    auto plan = make_exec_plan(paths, directory, read_config(directory), request);
    plan.ends_as_group = true;
    plan.on_forked = [&](int pidfd) { say(monitor, Word::forked, {}, {pidfd}); };
    auto process = runtime::execute_in(runtime::open_exec_target(state->pid, state->monitor_pid), plan);
    Output output(process);
    const auto status = await(process, output);
    const char code = status.ok() ? '0' : status.signal == SIGKILL ? '9' : '1';
    say(monitor, Word::ended, code + output.front());
}

int run_helper(const store::Paths& paths, const std::string& id, const std::vector<std::string>& command,
               const sys::Channel& monitor) {
    leave_monitor(monitor);
    try {
        run_check(paths, id, command, monitor);
    } catch (const Error& e) {
        // The command may be an image's, of any length.
        say(monitor, Word::failed, std::string_view(e.what()).substr(0, kHealthOutput + 1));
    }
    return 0;
}

}  // namespace

HealthProbe::HealthProbe(const store::Paths& paths, const std::string& id,
                         const std::vector<std::string>& command, std::chrono::milliseconds timeout)
    : helper_(sys::Fd()) {
    result_.start = std::chrono::system_clock::now();
    auto [ours, theirs] = sys::Channel::make_pair();
    const pid_t pid = sys::fork_child(
        "rpod:health", [&, &channel = theirs] { return run_helper(paths, id, command, channel); });
    helper_ = std::move(ours);
    helper_pidfd_ = sys::open_pidfd(pid);
    timer_.arm(timeout);
}

HealthProbe::~HealthProbe() {
    if (ended_) return;
    if (check_pidfd_) sys::send_signal(check_pidfd_.get(), SIGKILL);
    if (helper_pidfd_) sys::send_signal(helper_pidfd_.get(), SIGKILL);
}

void HealthProbe::add_to(PollSet& set) {
    polled_ = set.add(held_ ? -1 : helper_.fd(), POLLIN);
    set.add(timer_.fd(), POLLIN);
}

std::optional<HealthProbe::Result> HealthProbe::serve(const PollSet& set) {
    const bool over = set.ready(polled_ + 1);
    if (held_ && over) end(false, std::move(result_.output));
    if (!held_ && set.ready(polled_)) take_message();
    if (!ended_ && !held_ && over) kill_late();
    if (!ended_) return std::nullopt;
    return std::move(result_);
}

void HealthProbe::take_message() {
    auto packet = helper_.receive();
    if (!packet) return end(false, "the process that ran the health check was killed");
    switch (static_cast<Word>(packet->kind)) {
        case Word::forked:
            if (packet->fds.size() == 1) check_pidfd_ = std::move(packet->fds[0]);
            return;
        case Word::ended:
            return take_status(packet->text);
        case Word::failed:
            return result_.timed_out ? end(false, {}) : hold(std::move(packet->text));
    }
}

void HealthProbe::take_status(std::string_view text) {
    const char code = text.empty() ? '1' : text.front();
    std::string output(text.substr(std::min<size_t>(1, text.size())));
    if (code == '9' && !result_.timed_out) return hold(std::move(output));
    end(code == '0', std::move(output));
}

void HealthProbe::hold(std::string output) {
    held_ = true;
    result_.end = std::chrono::system_clock::now();
    result_.output = std::move(output);
    timer_.arm(kHold);
}

void HealthProbe::end(bool ok, std::string output) {
    ended_ = true;
    if (!held_) result_.end = std::chrono::system_clock::now();
    result_.ok = ok && !result_.timed_out;
    result_.output = std::move(output);
}

void HealthProbe::kill_late() {
    const bool again = std::exchange(result_.timed_out, true);
    if (check_pidfd_ && !again) {
        sys::send_signal(check_pidfd_.get(), SIGKILL);
        timer_.arm(kGrace);
        return;
    }
    sys::send_signal(helper_pidfd_.get(), SIGKILL);
    end(false, {});
}

}  // namespace rpod::container
