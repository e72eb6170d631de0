// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/monitor.hh"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/log.hh"
#include "sys/file.hh"
#include "sys/namespace.hh"
#include "sys/process.hh"

namespace rpod::container {
namespace {

void set_standard_streams(const MonitorJob& job) {
    if (job.plan.stdio != runtime::Stdio::inherit) {
        for (int fd = 0; fd <= 2; ++fd) sys::point_at_null(fd);
    } else if (job.null_stdin) {
        sys::point_at_null(0);
    }
}

void serve_alone(Member& member) {
    EndedChildren children;
    member.begin();
    while (!member.over()) {
        PollSet set;
        const auto ended = set.add(children.fd(), POLLIN);
        member.add_to(set);
        const int ready = ::poll(set.fds.data(), set.fds.size(), member.drains() ? 0 : -1);
        if (ready < 0 && errno == EINTR) continue;
        check(ready, "wait for events");
        member.serve(set);
        if (!set.ready(ended)) continue;
        children.reap([&](pid_t pid, sys::ExitStatus status) { member.take_child(pid, status); });
    }
}

}  // namespace

void leave_command(std::vector<int> keep, const std::filesystem::path& directory) {
    sys::close_descriptors_except(std::move(keep));
    // Kept for the life of the process.
    const int log_fd =
        sys::open_file(directory / "monitor.log", O_WRONLY | O_CREAT | O_APPEND, 0600).release();
    log::redirect(log_fd, "rpod:monitor");
    check(::setsid(), "start a session");
    sys::ignore_sigpipe();
    check(::chdir("/"), "enter '/'");
}

sys::Fd lock_alive(const std::filesystem::path& directory, const std::string& what) {
    auto alive = sys::open_file(directory / "alive", O_RDWR | O_CREAT, 0600);
    if (!sys::try_lock(alive.get(), sys::LockKind::exclusive))
        throw Error("{}: it has a monitor already", what);
    return alive;
}

void EndedChildren::reap(const std::function<void(pid_t, sys::ExitStatus)>& take) {
    while (signals_.next()) {
    }
    int status = 0;
    for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;)
        take(pid, sys::ExitStatus::from_wait(status));
}

int run_monitor(MonitorJob& job, MonitorEnd client, int holder_fd) {
    sys::Fd alive;
    try {
        auto keep = runtime::descriptors_of(job.plan);
        keep.insert(keep.end(), {client.fd(), holder_fd});
        leave_command(std::move(keep), job.directory);
        set_standard_streams(job);
        alive = lock_alive(job.directory, "container " + job.id);
        sys::unshare_namespaces(CLONE_NEWNS);
    } catch (const Error& e) {
        client.failed(e);
        return kExitFailed;
    }
    Member member(std::move(job), std::move(client), std::move(alive), {});
    serve_alone(member);
    member.linger();
    return member.has_run() ? 0 : kExitFailed;
}

}  // namespace rpod::container
