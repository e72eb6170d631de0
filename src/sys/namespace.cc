// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/namespace.hh"

#include <linux/nsfs.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <array>
#include <csignal>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "sys/file.hh"
#include "sys/process.hh"

namespace rpod::sys {
namespace {

struct Kind {
    int flag;
    const char* name;
    const char* file;
};
constexpr std::array<Kind, 8> kKinds{{{CLONE_NEWUSER, "user", "user"},
                                      {CLONE_NEWNS, "mount", "mnt"},
                                      {CLONE_NEWPID, "PID", "pid"},
                                      {CLONE_NEWNET, "network", "net"},
                                      {CLONE_NEWIPC, "IPC", "ipc"},
                                      {CLONE_NEWUTS, "UTS", "uts"},
                                      {CLONE_NEWCGROUP, "cgroup", "cgroup"},
                                      {CLONE_NEWTIME, "time", "time"}}};

}  // namespace

std::string namespace_names(int flags) {
    std::vector<std::string> names;
    for (const auto& kind : kKinds) {
        if (flags & kind.flag) names.emplace_back(kind.name);
    }
    return join(names, ", ");
}

const char* namespace_file(int flag) {
    for (const auto& kind : kKinds) {
        if (flag == kind.flag) return kind.file;
    }
    throw Error("no namespace has the flag {:#x}", flag);
}

void unshare_namespaces(int flags) {
    check(::unshare(flags), "create the {} namespace", namespace_names(flags));
}

void join_namespace(int fd, int flag) {
    check(::setns(fd, flag), "join the {} namespace", namespace_names(flag));
}

Fd owning_user_namespace(int fd) {
    return Fd(check(::ioctl(fd, NS_GET_USERNS), "find the owner of a namespace"));
}

Fd open_namespace(pid_t pid, int flag) {
    return open_file(fmt::format("/proc/{}/ns/{}", pid, namespace_file(flag)), O_RDONLY);
}

void enter_new_time_namespace(const std::string& offsets) {
    // Only what is forked, or executed on newer kernels, would come to be in it by itself; and the offsets
    // are fixed once anybody is.
    unshare_namespaces(CLONE_NEWTIME);
    write_existing("/proc/self/timens_offsets", offsets);
    join_namespace(open_file("/proc/self/ns/time_for_children", O_RDONLY).get(), CLONE_NEWTIME);
}

Cloned clone_child(uint64_t flags, const char* role, const std::function<int()>& fn) {
    require_single_thread("clone");
    int pidfd = -1;
    clone_args args{};
    args.flags = flags | CLONE_PIDFD;
    args.pidfd = reinterpret_cast<uint64_t>(&pidfd);
    args.exit_signal = (flags & CLONE_PARENT) ? 0 : SIGCHLD;
    const auto pid =
        check(::syscall(SYS_clone3, &args, sizeof args), "create a process in new namespaces ({})",
              namespace_names(static_cast<int>(flags)));
    if (pid != 0) return Cloned{.pid = static_cast<pid_t>(pid), .pidfd = Fd(pidfd)};
    set_role(role);
    try {
        exit_child(fn());
    } catch (const std::exception& e) {
        log::error("{}: {}", role, e.what());
    }
    exit_child(kExitFailed);
}

pid_t pid_in_proc(int pidfd) {
    const auto text = read_file(fmt::format("/proc/self/fdinfo/{}", pidfd));
    for (const auto line : split(text, '\n')) {
        if (!line.starts_with("Pid:")) continue;
        const auto pid = parse_int(trim(line.substr(4)));
        if (pid && *pid > 0) return static_cast<pid_t>(*pid);
    }
    throw Error("find a child process in /proc: it is not there");
}

}  // namespace rpod::sys
