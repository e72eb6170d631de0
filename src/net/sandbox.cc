// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/sandbox.hh"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include <csignal>
#include <cstdlib>

#include "base/error.hh"
#include "sys/capability.hh"
#include "sys/empty_root.hh"
#include "sys/rlimit.hh"
#include "sys/seccomp.hh"

namespace rpod::net {
namespace {

using Compare = sys::SeccompCompare;
using Op = Compare::Op;

/// System calls that are allowed with any arguments.
constexpr const char* kFree[] = {
    "read",           "write",        "writev",      "close",           "poll",
    "ppoll",          "recvfrom",     "recvmsg",     "sendto",          "sendmsg",
    "connect",        "bind",         "listen",      "accept",          "accept4",
    "shutdown",       "getsockname",  "getpeername", "getsockopt",      "brk",
    "munmap",         "mremap",       "madvise",     "futex",           "clock_gettime",
    "gettimeofday",   "getrandom",    "sched_yield", "restart_syscall", "rt_sigreturn",
    "rt_sigprocmask", "rt_sigaction", "getpid",      "gettid",          "tgkill",
    "exit",           "exit_group",   "rseq"};

struct SocketKind {
    int family, type, protocol;
};
constexpr SocketKind kSockets[] = {{AF_INET, SOCK_STREAM, 0},
                                   {AF_INET6, SOCK_STREAM, 0},
                                   {AF_INET, SOCK_DGRAM, 0},
                                   {AF_INET6, SOCK_DGRAM, 0},
                                   {AF_INET, SOCK_DGRAM, IPPROTO_ICMP}};

struct SocketOption {
    int level, name;
};
constexpr SocketOption kOptions[] = {{SOL_SOCKET, SO_REUSEADDR},   {SOL_SOCKET, SO_OOBINLINE},
                                     {IPPROTO_TCP, TCP_NODELAY},   {IPPROTO_IP, IP_TTL},
                                     {IPPROTO_IP, IP_RECVERR},     {IPPROTO_IPV6, IPV6_UNICAST_HOPS},
                                     {IPPROTO_IPV6, IPV6_RECVERR}, {IPPROTO_IPV6, IPV6_V6ONLY}};

constexpr unsigned long kIoctls[] = {FIONREAD, FIONBIO, SIOCGIFINDEX};
constexpr int kFcntls[] = {F_GETFL, F_SETFL, F_GETFD, F_SETFD};

Compare is(unsigned argument, int64_t value) {
    return {.index = argument, .op = Op::eq, .value = static_cast<uint64_t>(value), .value_two = 0};
}
Compare masked(unsigned argument, uint64_t mask, uint64_t value) {
    return {.index = argument, .op = Op::masked_eq, .value = mask, .value_two = value};
}

sys::BpfProgram make_filter() {
    sys::SeccompBuilder filter(SECCOMP_RET_ERRNO | EPERM);
    const auto allow = [&](const char* syscall, const std::vector<Compare>& compares = {}) {
        filter.add_rule(SECCOMP_RET_ALLOW, syscall, compares);
    };
    filter.allow_sanitizers();
    for (const char* syscall : kFree) allow(syscall);
    for (const auto& kind : kSockets) {
        constexpr uint64_t kTypeMask = 0x0f;  // without SOCK_NONBLOCK and SOCK_CLOEXEC
        allow("socket", {is(0, kind.family), masked(1, kTypeMask, static_cast<uint64_t>(kind.type)),
                         is(2, kind.protocol)});
    }
    for (const auto& option : kOptions) allow("setsockopt", {is(1, option.level), is(2, option.name)});
    for (const unsigned long request : kIoctls) allow("ioctl", {is(1, static_cast<int64_t>(request))});
    for (const int command : kFcntls) allow("fcntl", {is(1, command)});
    for (const char* syscall : {"mmap", "mprotect"}) allow(syscall, {masked(2, PROT_EXEC, 0)});
    return filter.compile();
}

void raise_open_files() {
    auto limit = sys::current_rlimit(RLIMIT_NOFILE);
    limit.soft = limit.hard;
    sys::set_rlimit(RLIMIT_NOFILE, limit);
}

}  // namespace

void isolate_environment() {
    ::tzset();  // reads /etc/localtime, for the log
    ::clearenv();
    // libslirp sends to sockets whose peer may be gone.
    std::signal(SIGPIPE, SIG_IGN);
    raise_open_files();
}

void isolate_files() { sys::enter_empty_root(); }

void isolate_process() {
    sys::set_rlimit(RLIMIT_CORE, {.soft = 0, .hard = 0});
    check(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "forbid to trace the process");
    sys::limit_bounding(0);
    sys::set_capabilities({});
    check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs");
    sys::load_seccomp(make_filter());
}

}  // namespace rpod::net
