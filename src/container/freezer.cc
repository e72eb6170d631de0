// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/freezer.hh"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "base/error.hh"
#include "base/strings.hh"
#include "sys/file.hh"
#include "sys/namespace.hh"
#include "sys/process.hh"

namespace rpod::container {
namespace {

/// kill(-1) from inside the namespace: the kernel walks all of its processes, those of nested namespaces too,
/// while none of them can fork. Its first process is left out, and so are we.
void signal_all(const sys::Fd& pid_namespace, int signal) {
    const pid_t joiner = sys::fork_child("rpod:pause", [&] {
        sys::join_namespace(pid_namespace.get(), CLONE_NEWPID);
        return sys::wait_for(
                   sys::fork_child("rpod:pause",
                                   [signal] { return ::kill(-1, signal) < 0 && errno != ESRCH ? 1 : 0; }))
            .shell_code();
    });
    if (!sys::wait_for(joiner).ok()) throw Error("signal the processes of the container");
}

char process_state(const std::string& stat) {
    const size_t end = stat.rfind(')');
    return end != std::string::npos && end + 2 < stat.size() ? stat[end + 2] : '?';
}

/// Whether a process of the namespace is neither stopped nor dead.
bool any_runs(const struct stat& pid_namespace) {
    const auto proc = sys::open_file("/proc", O_RDONLY | O_DIRECTORY);
    for (const auto& name : sys::list_dir(proc.get())) {
        if (!parse_uint(name)) continue;
        struct stat st {};
        if (::fstatat(proc.get(), (name + "/ns/pid").c_str(), &st, 0) < 0) continue;
        if (st.st_ino != pid_namespace.st_ino || st.st_dev != pid_namespace.st_dev) continue;
        try {
            const char state = process_state(sys::read_file_at(proc.get(), name + "/stat"));
            if (state != 'T' && state != 't' && state != 'Z' && state != 'X') return true;
        } catch (const Error&) {
            // It is gone.
        }
    }
    return false;
}

}  // namespace

void stop_processes(int pidfd, pid_t host_pid) {
    const auto pid_namespace = sys::open_namespace(host_pid, CLONE_NEWPID);
    struct stat st {};
    check(::fstat(pid_namespace.get(), &st), "look at the container's PID namespace");
    constexpr int rounds = 200;
    for (int round = 0; round < rounds; ++round) {
        sys::send_signal(pidfd, SIGSTOP);
        signal_all(pid_namespace, SIGSTOP);
        if (!any_runs(st)) return;
        // One that waits for a disk stops when it comes back from there.
        ::usleep(5000);
    }
    continue_processes(pidfd, host_pid);
    throw Error("pause the container: a process of it does not stop");
}

void continue_processes(int pidfd, pid_t host_pid) {
    signal_all(sys::open_namespace(host_pid, CLONE_NEWPID), SIGCONT);
    sys::send_signal(pidfd, SIGCONT);
}

}  // namespace rpod::container
