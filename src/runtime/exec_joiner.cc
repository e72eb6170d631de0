// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/error.hh"
#include "base/log.hh"
#include "runtime/exec.hh"
#include "sys/file.hh"
#include "sys/namespace.hh"

namespace rpod::runtime {
namespace {

/// Nothing of the command stays but what the process in the container gets.
void leave_command(const ExecTarget& target, const ExecPlan& plan, const ExecDescriptors& own,
                   const sys::Channel& command, const InitSync& sync) {
    check(::setsid(), "start a session");
    for (int fd = 0; fd <= 2; ++fd) {
        const auto& stream = own.streams[static_cast<size_t>(fd)];
        if (stream) {
            check(::dup2(stream.get(), fd), "set up standard stream {}", fd);
        } else {
            sys::point_at_null(fd);
        }
    }
    std::vector<int> keep{
        own.exec_report.get(), own.stub.get(), target.session.get(), target.pid.get(), target.user.get(),
        command.fd(),          sync.fd()};
    for (const auto& other : target.others) keep.push_back(other.fd.get());
    keep.insert(keep.end(), plan.preserved_fds.begin(), plan.preserved_fds.end());
    std::erase(keep, -1);
    sys::close_descriptors_except(std::move(keep));
}

void become_session_root(const ExecTarget& target) {
    if (!target.session) return;
    sys::join_namespace(target.session.get(), CLONE_NEWUSER);
    check(::setresgid(0, 0, 0), "become group 0 of the session");
    check(::setresuid(0, 0, 0), "become user 0 of the session");
}

sys::Cloned clone_into(ExecTarget& target, const ExecPlan& plan, ExecDescriptors& own, const InitSync& sync) {
    if (const auto& adjust = plan.process.oom_score_adj) {
        sys::write_existing("/proc/self/oom_score_adj", std::to_string(*adjust));
    }
    become_session_root(target);
    // The new process inherits it: there is no moment at which its neighbours could trace it or look at what
    // it holds (CVE-2016-9962). Not earlier, because the files in /proc belong to somebody else then.
    check(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "close this process to its neighbours");
    if (target.pid) sys::join_namespace(target.pid.get(), CLONE_NEWPID);
    return sys::clone_child(0, "rpod:exec", [&] { return run_exec_child(target, plan, own, sync); });
}

/// Only the channel is left: what else we held would keep pipes from ending and mounts from going.
void drop_all_but(const sys::Channel& command) {
    for (int fd = 0; fd <= 2; ++fd) sys::point_at_null(fd);
    sys::close_descriptors_except({command.fd()});
}

/// While it is not waited for, the number of its process group is nobody else's.
void end_group_if_killed(pid_t pid) {
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
    }
    if (info.si_code == CLD_KILLED && info.si_status == SIGKILL) ::kill(-pid, SIGKILL);
}

}  // namespace

int run_exec_joiner(ExecTarget& target, const ExecPlan& plan, ExecDescriptors& own,
                    const sys::Channel& command, const InitSync& sync) {
    pid_t pid = -1;
    try {
        leave_command(target, plan, own, command, sync);
        const auto process = clone_into(target, plan, own, sync);
        pid = process.pid;
        command.send(static_cast<uint32_t>(ExecStage::forked), {}, {process.pidfd.get()});
    } catch (const Error& e) {
        command.send(static_cast<uint32_t>(ExecStage::failed), e.what());
        return kExitFailed;
    }
    drop_all_but(command);
    if (plan.ends_as_group) end_group_if_killed(pid);
    const auto status = sys::wait_for(pid);
    try {
        command.send(static_cast<uint32_t>(ExecStage::ended),
                     fmt::format("{} {}", status.code, status.signal));
    } catch (const SysError&) {
        // Nobody waits for it (--detach, or a command that was killed).
    }
    return 0;
}

}  // namespace rpod::runtime
