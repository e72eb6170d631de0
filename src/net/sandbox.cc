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

/// System calls that both threads may make with any arguments.
constexpr const char* kShared[] = {
    "read",         "write",        "close",           "recvfrom",    "recvmsg",       "sendto",
    "sendmsg",      "connect",      "shutdown",        "brk",         "munmap",        "mremap",
    "madvise",      "futex",        "getrandom",       "sched_yield", "clock_gettime", "gettimeofday",
    "rt_sigreturn", "rt_sigaction", "rt_sigprocmask",  "getpid",      "gettid",        "tgkill",
    "exit",         "exit_group",   "restart_syscall", "rseq"};
constexpr const char* kFrameLoop[] = {"writev", "poll",    "ppoll",       "bind",        "listen",
                                      "accept", "accept4", "getsockname", "getpeername", "getsockopt"};
constexpr const char* kForwarder[] = {"accept4", "epoll_ctl", "epoll_wait", "epoll_pwait", "splice", "pipe2"};

struct SocketKind {
    int family, type, protocol;
};
constexpr SocketKind kSockets[] = {{AF_INET, SOCK_STREAM, 0},
                                   {AF_INET6, SOCK_STREAM, 0},
                                   {AF_INET, SOCK_DGRAM, 0},
                                   {AF_INET6, SOCK_DGRAM, 0}};
constexpr SocketKind kPing{AF_INET, SOCK_DGRAM, IPPROTO_ICMP};

struct SocketOption {
    int level, name;
};
constexpr SocketOption kFrameLoopOptions[] = {{SOL_SOCKET, SO_REUSEADDR},   {SOL_SOCKET, SO_OOBINLINE},
                                              {IPPROTO_TCP, TCP_NODELAY},   {IPPROTO_IP, IP_TTL},
                                              {IPPROTO_IP, IP_RECVERR},     {IPPROTO_IPV6, IPV6_UNICAST_HOPS},
                                              {IPPROTO_IPV6, IPV6_RECVERR}, {IPPROTO_IPV6, IPV6_V6ONLY}};
constexpr SocketOption kForwarderOptions[] = {{SOL_SOCKET, SO_LINGER}, {IPPROTO_TCP, TCP_NODELAY}};

constexpr unsigned long kIoctls[] = {FIONREAD, FIONBIO, SIOCGIFINDEX};
constexpr int kFcntls[] = {F_GETFL, F_SETFL, F_GETFD, F_SETFD};

Compare is(unsigned argument, int64_t value) {
    return {.index = argument, .op = Op::eq, .value = static_cast<uint64_t>(value), .value_two = 0};
}
Compare masked(unsigned argument, uint64_t mask, uint64_t value) {
    return {.index = argument, .op = Op::masked_eq, .value = mask, .value_two = value};
}

class Filter {
  public:
    Filter() {
        builder_.allow_sanitizers();
        for (const char* syscall : kShared) allow(syscall);
        for (const auto& kind : kSockets) allow_socket(kind);
        for (const char* syscall : {"mmap", "mprotect"}) allow(syscall, {masked(2, PROT_EXEC, 0)});
    }
    void allow(const char* syscall, const std::vector<Compare>& compares = {}) {
        builder_.add_rule(SECCOMP_RET_ALLOW, syscall, compares);
    }
    void allow_socket(const SocketKind& kind) {
        constexpr uint64_t kTypeMask = 0x0f;  // without SOCK_NONBLOCK and SOCK_CLOEXEC
        allow("socket", {is(0, kind.family), masked(1, kTypeMask, static_cast<uint64_t>(kind.type)),
                         is(2, kind.protocol)});
    }
    void allow_option(const SocketOption& option) {
        allow("setsockopt", {is(1, option.level), is(2, option.name)});
    }
    sys::BpfProgram compile() const { return builder_.compile(); }

  private:
    sys::SeccompBuilder builder_{SECCOMP_RET_ERRNO | EPERM};
};

sys::BpfProgram frame_loop_filter() {
    Filter filter;
    for (const char* syscall : kFrameLoop) filter.allow(syscall);
    filter.allow_socket(kPing);
    for (const auto& option : kFrameLoopOptions) filter.allow_option(option);
    for (const unsigned long request : kIoctls) filter.allow("ioctl", {is(1, static_cast<int64_t>(request))});
    for (const int command : kFcntls) filter.allow("fcntl", {is(1, command)});
    return filter.compile();
}

sys::BpfProgram forwarder_filter() {
    Filter filter;
    for (const char* syscall : kForwarder) filter.allow(syscall);
    for (const auto& option : kForwarderOptions) filter.allow_option(option);
    filter.allow("fcntl", {is(1, F_SETPIPE_SZ)});
    return filter.compile();
}

void isolate(const sys::BpfProgram& filter) {
    sys::set_rlimit(RLIMIT_CORE, {.soft = 0, .hard = 0});
    check(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "forbid to trace the process");
    sys::limit_bounding(0);
    sys::set_capabilities({});
    check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs");
    sys::load_seccomp(filter);
}

}  // namespace

void isolate_environment() {
    ::tzset();  // reads /etc/localtime, for the log
    ::clearenv();
    // libslirp sends to sockets whose peer may be gone.
    std::signal(SIGPIPE, SIG_IGN);
    sys::raise_open_files();
}

void isolate_files() { sys::enter_empty_root(); }

void isolate_process() { isolate(frame_loop_filter()); }

void isolate_forwarder() { isolate(forwarder_filter()); }

}  // namespace rpod::net
