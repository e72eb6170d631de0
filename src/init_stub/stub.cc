// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// How this works. The last program of rpod that runs in a container, a few kilobytes without a libc, executed
// from a sealed memory file (runtime/stub.hh):
//
//     rpod-init exec REPORT-FD PATH ARG0 [ARG...]    becomes the payload
//     rpod-init reap REPORT-FD PATH ARG0 [ARG...]    stays as PID 1, runs the payload as its child
//     rpod-init rest                                 stays as PID 1, runs nothing: reaps for a pod
//
// Why it exists: an image may name /proc/self/exe as its command or as the interpreter of a script, and a
// container may open /proc/PID/exe of the process that enters it. Both lead to the program that calls execve
// for the payload. That must not be the user's rpod, which the container's root, being the user outside,
// could then overwrite (CVE-2019-5736). What they find is this program, which nobody can write to and which
// does nothing for whoever starts it.
//
// When the payload cannot be executed its errno goes to REPORT-FD as four bytes, lowest first, and the exit
// code is that of a shell: 127 where there is no such file, else 126. An execve that succeeds closes
// REPORT-FD, which is how the reader learns of it. 125: called in another way.
#include <asm/ioctls.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/wait.h>

#include "init_stub/call.hh"

namespace rpod::init_stub {
namespace {

/// The kernel's signal set: bit n-1 is signal n.
using SignalSet = unsigned long;
constexpr int kSignals = 64;
static_assert(sizeof(SignalSet) == 8);
constexpr SignalSet kAllSignals = ~SignalSet{0};
constexpr SignalSet kNoSignals = 0;

[[noreturn]] void quit(int code) {
    for (;;) call(__NR_exit_group, code);
}

bool equal(const char* a, const char* b) {
    while (*a && *a == *b) ++a, ++b;
    return *a == *b;
}

/// A decimal number of up to nine digits, or -1.
int parse_number(const char* text) {
    int value = 0, digits = 0;
    for (; *text; ++text, ++digits) {
        if (*text < '0' || *text > '9' || digits == 9) return -1;
        value = value * 10 + (*text - '0');
    }
    return digits ? value : -1;
}

void set_mask(const SignalSet& set) { call(__NR_rt_sigprocmask, SIG_SETMASK, &set, nullptr, sizeof set); }

void default_signals() {
    // Zero is SIG_DFL without flags in every layout of the kernel's struct sigaction; none is larger than
    // this.
    const unsigned long action[4] = {};
    for (int n = 1; n <= kSignals; ++n) call(__NR_rt_sigaction, n, action, nullptr, sizeof(SignalSet));
}

void report(int fd, int error) {
    set_mask(kAllSignals);  // a reader that is gone must not turn the exit code into SIGPIPE
    const unsigned char bytes[4] = {static_cast<unsigned char>(error), static_cast<unsigned char>(error >> 8),
                                    static_cast<unsigned char>(error >> 16),
                                    static_cast<unsigned char>(error >> 24)};
    call(__NR_write, fd, bytes, sizeof bytes);
}

/// @param command  path, then the payload's argv
[[noreturn]] void execute(int report_fd, char** command, char** envp) {
    call(__NR_fcntl, report_fd, F_SETFD, FD_CLOEXEC);
    const int error = static_cast<int>(-call(__NR_execve, command[0], command + 1, envp));
    report(report_fd, error);
    quit(error == ENOENT || error == ENOTDIR ? 127 : 126);
}

/// Child of reap(): a process group of its own, in the foreground of its terminal, so that Ctrl-C reaches it
/// alone.
[[noreturn]] void run_child(int report_fd, char** command, char** envp) {
    call(__NR_setpgid, 0, 0);
    const int group = static_cast<int>(call(__NR_getpid));
    // Signals are still blocked: SIGTTOU does not stop us. ENOTTY where standard input is something else.
    call(__NR_ioctl, 0, TIOCSPGRP, &group);
    set_mask(kNoSignals);
    execute(report_fd, command, envp);
}

/// Reaps what has ended; leaves with the child's exit code once that is among it.
void reap_ended(long child) {
    for (;;) {
        int status = 0;
        const long pid = call(__NR_wait4, -1, &status, WNOHANG, nullptr);
        if (pid == -EINTR) continue;
        if (pid == -ECHILD) quit(125);  // the child was there: it cannot be gone unseen
        if (pid <= 0) return;
        if (pid == child) quit((status & 0x7f) ? 128 + (status & 0x7f) : (status >> 8) & 0xff);
    }
}

[[noreturn]] void reap(int report_fd, char** command, char** envp) {
    // An ignored SIGCHLD, which execve preserves, would have the kernel throw the exit code away.
    default_signals();
    // Blocked signals are queued even for PID 1, which otherwise gets none that it does not handle.
    set_mask(kAllSignals);
    call(__NR_prctl, PR_SET_NAME, "rpod:reaper");
    // Where we are not PID 1 (the host's PID namespace), orphans come to us all the same.
    call(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1);
    const long child = call(__NR_clone, SIGCHLD);
    if (child == 0) run_child(report_fd, command, envp);
    if (child < 0) {
        report(report_fd, static_cast<int>(-child));
        quit(126);
    }
    // Standard streams stay open: programs log to /proc/1/fd/1.
    call(__NR_close, report_fd);
    for (;;) {
        const long n = call(__NR_rt_sigtimedwait, &kAllSignals, nullptr, nullptr, sizeof kAllSignals);
        if (n == SIGCHLD) {
            reap_ended(child);
        } else if (n > 0 && n != SIGTTIN && n != SIGTTOU) {  // those two are about our own terminal access
            call(__NR_kill, child, n);
        }
    }
}

/// PID 1 of a PID namespace that the containers of a pod share. Ends by SIGKILL from outside.
[[noreturn]] void rest() {
    default_signals();
    set_mask(kAllSignals);
    call(__NR_prctl, PR_SET_NAME, "rpod:reaper");
    for (;;) {
        call(__NR_rt_sigtimedwait, &kAllSignals, nullptr, nullptr, sizeof kAllSignals);
        int status = 0;
        while (call(__NR_wait4, -1, &status, WNOHANG, nullptr) > 0) {
        }
    }
}

}  // namespace

/// @param stack  as the kernel leaves it: argc, argv, NULL, envp, NULL
extern "C" [[noreturn, gnu::used]] void stub_main(long* stack) {
    const long argc = stack[0];
    char** argv = reinterpret_cast<char**>(stack + 1);
    char** envp = argv + argc + 1;
    if (argc == 2 && equal(argv[1], "rest")) rest();
    if (argc < 5) quit(125);
    const int report_fd = parse_number(argv[2]);
    if (report_fd < 0) quit(125);
    if (equal(argv[1], "exec")) execute(report_fd, argv + 3, envp);
    if (equal(argv[1], "reap")) reap(report_fd, argv + 3, envp);
    quit(125);
}

// The entry: the stack pointer is the only argument.
#if defined(__x86_64__)
__asm__(
    ".globl _start\n_start:\n"
    "xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call stub_main\n");
#elif defined(__aarch64__)
__asm__(
    ".globl _start\n_start:\n"
    "mov x29, #0\n mov x30, #0\n mov x0, sp\n bl stub_main\n");
#elif defined(__riscv)
__asm__(
    ".globl _start\n_start:\n"
    ".option push\n .option norelax\n la gp, __global_pointer$\n .option pop\n"
    "mv a0, sp\n call stub_main\n");
#endif

}  // namespace rpod::init_stub
