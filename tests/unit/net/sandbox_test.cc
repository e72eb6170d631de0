// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/sandbox.hh"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <functional>

#include "net/pod_world.hh"
#include "sys/file.hh"
#include "sys/namespace.hh"
#include "sys/process.hh"

namespace rpod::net::test {
namespace {

/// The exit code of a process in a user namespace of its own.
int in_child(const std::function<int()>& fn) {
    const pid_t pid = sys::fork_child("test:sandbox", [&] {
        const auto uid = ::getuid();
        sys::unshare_namespaces(CLONE_NEWUSER);
        sys::write_existing("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1");
        return fn();
    });
    return sys::wait_for(pid).shell_code();
}

class Sandbox : public testing::Test {
  protected:
    void SetUp() override {
        static const std::string reason = why_no_world();
        if (!reason.empty()) GTEST_SKIP() << reason;
    }
};

TEST_F(Sandbox, HidesTheFileSystem) {
    EXPECT_EQ(in_child([] {
                  isolate_files();
                  const sys::Fd root = sys::open_file("/", O_RDONLY | O_DIRECTORY);
                  if (!sys::list_dir(root.get()).empty()) return 1;
                  if (::access("/proc", F_OK) == 0 || ::access("/..", W_OK) == 0) return 2;
                  return ::open("/new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) < 0 ? 0 : 3;
              }),
              0);
}

TEST_F(Sandbox, ForgetsTheEnvironment) {
    EXPECT_EQ(in_child([] {
                  ::setenv("SLIRP_DEBUG", "call", 1);
                  isolate_environment();
                  return ::getenv("SLIRP_DEBUG") ? 1 : 0;
              }),
              0);
}

bool refused(int result) { return result < 0 && errno == EPERM; }

TEST_F(Sandbox, AllowsSocketsOfTheInternetOnly) {
    EXPECT_EQ(in_child([] {
                  isolate_process();
                  if (::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0) return 1;
                  if (::socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0) < 0) return 2;
                  if (!refused(::socket(AF_UNIX, SOCK_STREAM, 0))) return 3;
                  if (!refused(::socket(AF_NETLINK, SOCK_RAW, 0))) return 4;
                  if (!refused(::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP))) return 5;
                  if (!refused(::socket(AF_PACKET, SOCK_RAW, 0))) return 6;
                  return 0;
              }),
              0);
}

TEST_F(Sandbox, LetsTheForwarderConnectAndNoMore) {
    EXPECT_EQ(in_child([] {
                  const sys::Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
                  isolate_forwarder();
                  const sys::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
                  if (!socket) return 1;
                  epoll_event event{};
                  event.events = EPOLLIN;
                  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, socket.get(), &event) < 0) return 2;
                  const int on = 1;
                  if (::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0) return 3;
                  int pipe[2];
                  if (::pipe2(pipe, O_CLOEXEC | O_NONBLOCK) < 0) return 10;
                  if (::fcntl(pipe[1], F_SETPIPE_SZ, 65536) < 0) return 11;
                  if (::splice(pipe[0], nullptr, pipe[1], nullptr, 1, 0) >= 0 || errno == EPERM) return 12;
                  if (!refused(::fcntl(pipe[1], F_SETFL, 0))) return 13;
                  if (!refused(::setsockopt(socket.get(), SOL_SOCKET, SO_MARK, &on, sizeof on))) return 4;
                  const sockaddr_in any{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {}, .sin_zero = {}};
                  if (!refused(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any)))
                      return 5;
                  if (!refused(::listen(socket.get(), 1))) return 6;
                  if (!refused(::socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP))) return 7;
                  if (!refused(::open("/etc/passwd", O_RDONLY | O_CLOEXEC))) return 8;
                  return refused(::fork()) ? 0 : 9;
              }),
              0);
}

TEST_F(Sandbox, TakesEverythingElseAway) {
    EXPECT_EQ(in_child([] {
                  isolate_process();
                  if (!refused(::open("/etc/passwd", O_RDONLY | O_CLOEXEC))) return 1;
                  if (!refused(::execl("/bin/true", "true", nullptr))) return 2;
                  if (!refused(::fork())) return 3;
                  if (!refused(::kill(::getppid(), 0))) return 4;
                  if (::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
                      MAP_FAILED) {
                      return 5;
                  }
                  void* memory =
                      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                  if (memory == MAP_FAILED) return 6;
                  if (!refused(::mprotect(memory, 4096, PROT_READ | PROT_EXEC))) return 7;
                  if (!refused(::unshare(CLONE_NEWUSER))) return 8;
                  return 0;
              }),
              0);
}

TEST_F(Sandbox, KeepsNoCapability) {
    EXPECT_EQ(in_child([] {
                  const sys::Fd status = sys::open_file("/proc/self/status", O_RDONLY);
                  isolate_process();
                  const std::string text = sys::read_all(status.get(), "status");
                  for (const char* line : {"CapEff:\t0000000000000000", "CapPrm:\t0000000000000000",
                                           "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"}) {
                      if (text.find(line) == text.npos) return 1;
                  }
                  return 0;
              }),
              0);
}

}  // namespace
}  // namespace rpod::net::test
