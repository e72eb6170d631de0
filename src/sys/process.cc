// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/process.hh"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "sys/file.hh"

extern char** environ;

namespace rpod::sys {

void require_single_thread(const char* what) {
    struct stat st {};
    // Two links of a directory plus one for each thread.
    if (::stat("/proc/self/task", &st) == 0 && st.st_nlink > 3) {
        throw Error("{}: the process has {} threads, not one", what, st.st_nlink - 2);
    }
}

void exit_child(int code) noexcept { ::_exit(code); }

void set_role(const char* role) noexcept { ::prctl(PR_SET_NAME, role, 0, 0, 0); }

pid_t fork_child(const char* role, const std::function<int()>& fn) {
    require_single_thread("fork");
    const pid_t pid = check(::fork(), "fork '{}'", role);
    if (pid != 0) return pid;
    set_role(role);
    try {
        exit_child(fn());
    } catch (const std::exception& e) {
        log::error("{}: {}", role, e.what());
    }
    exit_child(kExitFailed);
}

namespace {

void close_range_of(unsigned first, unsigned last) {
    if (first > last || ::close_range(first, last, 0) == 0) return;
    // A seccomp filter around us may know no such call; what we opened has small numbers.
    constexpr rlim_t kMost = 1 << 20;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const auto end = static_cast<unsigned>(std::clamp<rlim_t>(limit.rlim_max, 4096, kMost));
    for (unsigned fd = first; fd <= std::min(last, end); ++fd) ::close(static_cast<int>(fd));
}

}  // namespace

void close_descriptors_except(std::vector<int> keep) {
    std::sort(keep.begin(), keep.end());
    unsigned first = 3;
    for (const int fd : keep) {
        if (fd < static_cast<int>(first)) continue;
        close_range_of(first, static_cast<unsigned>(fd) - 1);
        first = static_cast<unsigned>(fd) + 1;
    }
    close_range_of(first, ~0U);
}

void point_at_null(int fd) {
    const Fd null = open_file("/dev/null", O_RDWR);
    check(::dup2(null.get(), fd), "point descriptor {} at /dev/null", fd);
}

ExitStatus ExitStatus::from_wait(int status) noexcept {
    if (WIFSIGNALED(status)) return {.code = 0, .signal = WTERMSIG(status)};
    return {.code = WEXITSTATUS(status), .signal = 0};
}

ExitStatus wait_for(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) throw SysError(errno, "wait for process {}", pid);
    }
    return ExitStatus::from_wait(status);
}

ExitStatus wait_for_pidfd(int pidfd) {
    siginfo_t info{};
    while (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &info, WEXITED) < 0) {
        if (errno != EINTR) throw SysError(errno, "wait for a process");
    }
    if (info.si_code == CLD_EXITED) return {.code = info.si_status, .signal = 0};
    return {.code = 0, .signal = info.si_status};
}

void wait_for_end(int pidfd) {
    pollfd end{.fd = pidfd, .events = POLLIN, .revents = 0};
    while (::poll(&end, 1, -1) < 0) {
        if (errno != EINTR) throw SysError(errno, "wait for a process");
    }
}

bool send_signal(int pidfd, int signal) {
    if (::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0) return true;
    if (errno == ESRCH) return false;
    throw SysError(errno, "send signal {}", signal);
}

Fd open_pidfd(pid_t pid) {
    return Fd(static_cast<int>(check(::syscall(SYS_pidfd_open, pid, 0), "open process {}", pid)));
}

uint64_t process_start(pid_t pid) {
    std::string stat;
    try {
        stat = read_file(fmt::format("/proc/{}/stat", pid));
    } catch (const SysError&) {
        return 0;
    }
    // The name, in parentheses, may hold anything; behind it comes field 3, and the start is field 22.
    const size_t end = stat.rfind(')');
    if (end == std::string::npos) return 0;
    const auto fields = split(std::string_view(stat).substr(std::min(stat.size(), end + 2)), ' ');
    return fields.size() > 19 ? parse_uint(fields[19]).value_or(0) : 0;
}

Program start_program(const std::vector<std::string>& argv) {
    int pipe_ends[2];
    check(::pipe2(pipe_ends, O_CLOEXEC), "create a pipe");
    Fd reader(pipe_ends[0]);
    const Fd writer(pipe_ends[1]);
    std::vector<char*> args;
    args.reserve(argv.size() + 1);
    for (const auto& arg : argv) args.push_back(const_cast<char*>(arg.c_str()));
    args.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
    posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, writer.get(), STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    pid_t pid = -1;
    const int err = ::posix_spawn(&pid, args[0], &actions, &attributes, args.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (err != 0) throw SysError(err, "run '{}'", argv[0]);
    return Program{.pid = pid, .stderr_pipe = std::move(reader), .path = argv[0]};
}

ProgramResult finish_program(Program program) {
    ProgramResult result;
    char buffer[4096];
    for (;;) {
        const ssize_t n = ::read(program.stderr_pipe.get(), buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        if (result.stderr_text.size() < 65536) result.stderr_text.append(buffer, static_cast<size_t>(n));
    }
    result.status = wait_for(program.pid);
    return result;
}

std::string find_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    const std::string all = std::string(path ? path : "/usr/bin:/bin") + ":/usr/bin:/usr/sbin:/sbin:/bin";
    for (const auto dir : split(all, ':')) {
        if (!dir.starts_with('/')) continue;
        std::string candidate = std::string(dir) + "/" + name;
        if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return {};
}

}  // namespace rpod::sys
