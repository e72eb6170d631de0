// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sys/fd.hh"

namespace rpod::sys {

/// fork(2). The child runs fn and ends with its result as exit code, or with 125 when fn throws (the error is
/// logged: a child that can report elsewhere catches for itself). It never returns into the caller's frames,
/// and runs ordinary C++: that is safe because a process of rpod has one thread when it forks, which is
/// checked.
/// @param role  shows in ps: "rpod:net"; at most 15 bytes
pid_t fork_child(const char* role, const std::function<int()>& fn);

/// _exit(2): the end of every forked child.
[[noreturn]] void exit_child(int code) noexcept;

/// Sets the name that ps and /proc/self/comm show.
void set_role(const char* role) noexcept;

/// @throws Error where the process has more than one thread (fork, unshare and setns want one)
void require_single_thread(const char* what);

/// Closes every descriptor from 3 on that is not in `keep`: the first act of a forked role. Owners of the
/// others must not live on.
void close_descriptors_except(std::vector<int> keep);
/// Points a standard descriptor at /dev/null.
void point_at_null(int fd);

/// A finished child: either it exited with a code or a signal killed it.
struct ExitStatus {
    int code = 0;    ///< exit code, 0 where a signal killed it
    int signal = 0;  ///< the signal, 0 where it exited
    bool ok() const noexcept { return code == 0 && signal == 0; }
    /// As a shell gives it: 128 + n for signal n.
    int shell_code() const noexcept { return signal ? 128 + signal : code; }
    static ExitStatus from_wait(int status) noexcept;
};

/// waitpid(2) until the child ends; EINTR is handled.
ExitStatus wait_for(pid_t pid);
/// The same for a child known by its pidfd.
ExitStatus wait_for_pidfd(int pidfd);

/// pidfd_open(2).
Fd open_pidfd(pid_t pid);
/// Returns when the process, of whoever, has ended. @throws SysError
void wait_for_end(int pidfd);
/// pidfd_send_signal(2). @return false where the process is gone
bool send_signal(int pidfd, int signal);

/// When a process started, in clock ticks since the boot (proc(5)); 0 where it is gone. With the pid, as
/// /proc counts it, it names a process for as long as the machine runs.
uint64_t process_start(pid_t pid);

/// A helper program that has started; its standard error is collected.
struct Program {
    pid_t pid = -1;
    Fd stderr_pipe;
    std::string path;
};
/// Starts a program with the given argv (argv[0] is the path), /dev/null as input and output.
Program start_program(const std::vector<std::string>& argv);
struct ProgramResult {
    ExitStatus status;
    std::string stderr_text;  ///< at most 64 KiB
};
ProgramResult finish_program(Program program);

/// Where a program is found in PATH (then in /usr/sbin and /sbin); empty where it is not.
std::string find_program(const std::string& name);

}  // namespace rpod::sys
