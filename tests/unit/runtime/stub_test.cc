// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/stub.hh"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>

#include "base/error.hh"
#include "base/strings.hh"
#include "sys/file.hh"
#include "sys/process.hh"

namespace rpod::runtime {
namespace {

using sys::Fd;

std::pair<Fd, Fd> make_pipe() {
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC), "create a pipe");
    return {Fd(ends[0]), Fd(ends[1])};
}

/// A payload that has been started by way of the stub; its output is collected.
class Payload {
  public:
    Payload(
        StubMode mode, const std::string& path, std::vector<std::string> args,
        std::vector<std::string> env = {"PATH=/usr/bin:/bin"}, const std::function<void()>& prepare = [] {}) {
        auto [report, report_writer] = make_pipe();
        auto [output, output_writer] = make_pipe();
        const Fd stub = make_stub();
        pid = sys::fork_child("test", [&, &out = output_writer, &rep = report_writer]() -> int {
            ::dup2(out.get(), STDOUT_FILENO);
            prepare();
            exec_stub(mode, stub.get(), rep.get(), path, args, env);
        });
        report_ = std::move(report);
        output_ = std::move(output);
    }
    std::optional<int> report() const { return read_exec_report(report_.get()); }
    std::string output() const { return sys::read_all(output_.get(), "output"); }
    /// Waits for the payload to say that it is ready: one line.
    void wait_until_ready() const {
        for (char c = 0; c != '\n';) ASSERT_EQ(::read(output_.get(), &c, 1), 1);
    }
    int wait() const { return sys::wait_for(pid).shell_code(); }

    pid_t pid = -1;

  private:
    Fd report_, output_;
};

Payload shell(StubMode mode, const std::string& script) {
    return Payload(mode, "/bin/sh", {"sh", "-c", script});
}

class Stub : public testing::TestWithParam<StubMode> {};
INSTANTIATE_TEST_SUITE_P(Modes, Stub, testing::Values(StubMode::exec, StubMode::reap));

TEST_P(Stub, RunsThePayloadWithItsArgumentsAndEnvironmentAlone) {
    const Payload p(GetParam(), "/bin/sh", {"odd name", "-c", "echo \"$0|$1|$A|$PWD_NOT_THERE\"", "zero", ""},
                    {"A=b c"});
    EXPECT_EQ(p.report(), std::nullopt);
    EXPECT_EQ(p.output(), "zero||b c|\n");
    EXPECT_EQ(p.wait(), 0);
}

TEST_P(Stub, GivesTheExitCode) {
    EXPECT_EQ(shell(GetParam(), "exit 7").wait(), 7);
    EXPECT_EQ(shell(GetParam(), "kill -TERM $$").wait(), 128 + SIGTERM);
}

TEST_P(Stub, ReportsWhatCannotBeExecuted) {
    const Payload absent(GetParam(), "/no/such/file", {"x"});
    EXPECT_EQ(absent.report(), ENOENT);
    EXPECT_EQ(absent.wait(), 127);
    const Payload beneath_a_file(GetParam(), "/etc/passwd/x", {"x"});
    EXPECT_EQ(beneath_a_file.report(), ENOTDIR);
    EXPECT_EQ(beneath_a_file.wait(), 127);
    const Payload not_executable(GetParam(), "/etc/passwd", {"x"});
    EXPECT_EQ(not_executable.report(), EACCES);
    EXPECT_EQ(not_executable.wait(), 126);
    EXPECT_EQ(exec_failure_code(ENOENT), 127);
    EXPECT_EQ(exec_failure_code(EACCES), 126);
}

TEST_P(Stub, LeavesNoDescriptorToThePayload) {
    // What the test itself inherited is none of the stub's; ls opens the directory that it lists.
    const Payload p(GetParam(), "/bin/ls", {"ls", "/proc/self/fd"}, {},
                    [] { ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC); });
    EXPECT_EQ(p.output(), "0\n1\n2\n3\n");
}

TEST_P(Stub, PassesOnALargeEnvironment) {
    // execve allows a quarter of the stack limit, 2 MiB of the usual 8 MiB, and 128 KiB for one string.
    std::vector<std::string> env(15, "X=" + std::string(100 << 10, 'x'));
    for (size_t i = 0; i < env.size(); ++i) env[i] = fmt::format("X{}=", i) + std::string(100 << 10, 'x');
    env.push_back("LAST=here");
    const Payload p(GetParam(), "/bin/sh", {"sh", "-c", "echo $LAST"}, env);
    EXPECT_EQ(p.output(), "here\n");
}

TEST_P(Stub, SaysWhenTheArgumentsAreTooLarge) {
    const Payload p(GetParam(), "/bin/sh", {"sh", "-c", "", std::string(8 << 20, 'x')}, {}, [] {
        const Fd null = sys::open_file("/dev/null", O_WRONLY);
        ::dup2(null.get(), STDERR_FILENO);
    });
    EXPECT_EQ(p.wait(), 125);
}

TEST_P(Stub, WorksWithoutStandardStreams) {
    const Payload p(GetParam(), "/bin/true", {"true"}, {}, [] {
        for (const int fd : {0, 1, 2}) ::close(fd);
    });
    EXPECT_EQ(p.report(), std::nullopt);
    EXPECT_EQ(p.wait(), 0);
}

TEST(StubFile, RefusesAnEmptyArgumentVector) {
    const Fd stub = make_stub();
    EXPECT_THROW(exec_stub(StubMode::exec, stub.get(), 2, "/bin/true", {}, {}), Error);
}

TEST(StubFile, IsSealed) {
    const Fd stub = make_stub();
    EXPECT_EQ(::pwrite(stub.get(), "x", 1, 0), -1);
    EXPECT_EQ(errno, EPERM);
    EXPECT_EQ(::ftruncate(stub.get(), 0), -1);
    EXPECT_EQ(errno, EPERM);
    EXPECT_EQ(::fcntl(stub.get(), F_GET_SEALS), F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
    struct stat st {};
    ASSERT_EQ(::fstat(stub.get(), &st), 0);
    EXPECT_LE(st.st_size, 10 << 10);
}

// CVE-2019-5736
TEST(StubFile, RunningProgramCannotBeOpenedForWriting) {
    const Payload p = shell(StubMode::reap, "exec sleep 60");
    EXPECT_EQ(p.report(), std::nullopt);
    const auto exe = fmt::format("/proc/{}/exe", p.pid);
    EXPECT_EQ(std::filesystem::read_symlink(exe).string(), "/memfd:rpod-init (deleted)");
    EXPECT_EQ(::open(exe.c_str(), O_WRONLY | O_CLOEXEC), -1);
    EXPECT_TRUE(errno == ETXTBSY || errno == EPERM || errno == EACCES) << errno;
    EXPECT_EQ(::open(exe.c_str(), O_RDWR | O_TRUNC | O_CLOEXEC), -1);
    ::kill(p.pid, SIGTERM);
    EXPECT_EQ(p.wait(), 128 + SIGTERM);
}

TEST(StubFile, ScriptThatNamesProcSelfExeReachesTheStubAlone) {
    char path[] = "/tmp/rpod-stub-test-XXXXXX";
    Fd script(::mkostemp(path, O_CLOEXEC));
    sys::write_all(script.get(), "#!/proc/self/exe\n", path);
    ::fchmod(script.get(), 0755);
    script.reset();
    const Payload p(StubMode::exec, path, {path, "exec", "1", "/bin/echo", "echo", "reached"});
    EXPECT_EQ(p.report(), std::nullopt);
    EXPECT_EQ(p.output(), "");
    EXPECT_EQ(p.wait(), 125);
    ::unlink(path);
}

TEST(StubReap, ForwardsSignals) {
    const Payload p = shell(StubMode::reap, "trap 'exit 42' TERM; echo ready; while :; do sleep 0.05; done");
    p.wait_until_ready();
    ::kill(p.pid, SIGTERM);
    EXPECT_EQ(p.wait(), 42);
}

TEST(StubReap, PayloadHasDefaultSignalsAndAnEmptyMask) {
    const Payload p(StubMode::reap, "/bin/cat", {"cat", "/proc/self/status"}, {}, [] {
        ::signal(SIGCHLD, SIG_IGN);
        sigset_t all;
        ::sigfillset(&all);
        ::sigprocmask(SIG_SETMASK, &all, nullptr);
    });
    const auto status = p.output();
    EXPECT_NE(status.find("SigBlk:\t0000000000000000"), std::string::npos);
    EXPECT_NE(status.find("SigIgn:\t0000000000000000"), std::string::npos);
    EXPECT_EQ(p.wait(), 0);
}

TEST(StubReap, ReapsOrphansAndLeavesWithTheChildsCode) {
    // The orphan's parent becomes the reaper; once it is reaped its pid is free.
    const Payload p = shell(StubMode::reap,
                            "pid=$( (sleep 0.01 >/dev/null & echo $!) ); sleep 0.3; "
                            "test -e /proc/$pid && exit 1; exit 9");
    EXPECT_EQ(p.wait(), 9);
}

TEST(StubReap, PayloadLeadsAProcessGroup) {
    const Payload p = shell(StubMode::reap, "cut -d' ' -f1,5 /proc/$$/stat");
    const auto text = p.output();
    const auto ids = split(trim(text), ' ');
    ASSERT_EQ(ids.size(), 2u);
    EXPECT_EQ(ids[0], ids[1]);
}

TEST(StubReap, PayloadIsInTheForegroundOfItsTerminal) {
    const Fd master(check(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "open a pseudo terminal"));
    check(::grantpt(master.get()), "grantpt");
    check(::unlockpt(master.get()), "unlockpt");
    const std::string slave_name = ::ptsname(master.get());
    // As the launcher does it: leader of a new session, whose terminal is standard input.
    const Payload p(StubMode::reap, "/bin/sh", {"sh", "-c", "read line && echo \"got $line\""}, {}, [&] {
        ::setsid();
        const Fd slave = sys::open_file(slave_name, O_RDWR);
        ::ioctl(slave.get(), TIOCSCTTY, 0);
        ::dup2(slave.get(), STDIN_FILENO);
    });
    EXPECT_EQ(p.report(), std::nullopt);
    sys::write_all(master.get(), "input\n", "terminal");
    EXPECT_EQ(p.output(), "got input\n");
    EXPECT_EQ(p.wait(), 0);
}

TEST(StubReap, InterruptFromTheTerminalReachesThePayload) {
    const Fd master(check(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "open a pseudo terminal"));
    check(::grantpt(master.get()), "grantpt");
    check(::unlockpt(master.get()), "unlockpt");
    const std::string slave_name = ::ptsname(master.get());
    const Payload p(StubMode::reap, "/bin/sh",
                    {"sh", "-c", "trap 'exit 3' INT; echo ready; while :; do sleep 0.05; done"},
                    {"PATH=/bin"}, [&] {
                        ::setsid();
                        const Fd slave = sys::open_file(slave_name, O_RDWR);
                        ::ioctl(slave.get(), TIOCSCTTY, 0);
                        ::dup2(slave.get(), STDIN_FILENO);
                    });
    p.wait_until_ready();
    sys::write_all(master.get(), "\003", "terminal");
    EXPECT_EQ(p.wait(), 3);
}

}  // namespace
}  // namespace rpod::runtime
