// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/stub.hh"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

#include "base/error.hh"
#include "base/strings.hh"
#include "sys/file.hh"

// Linux 6.3; older headers do not know it, older kernels refuse it.
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

// From src/embed.py.
extern "C" const char rpod_init_stub_begin[];
extern "C" const char rpod_init_stub_end[];

namespace rpod::runtime {
namespace {

std::string_view stub_image() {
    return {rpod_init_stub_begin, static_cast<size_t>(rpod_init_stub_end - rpod_init_stub_begin)};
}

sys::Fd make_executable_memfd() {
    constexpr unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd = ::memfd_create("rpod-init", flags | MFD_EXEC);
    if (fd < 0 && errno == EINVAL) fd = ::memfd_create("rpod-init", flags);
    if (fd >= 0) return sys::Fd(fd);
    SysError error(errno, "create an executable memory file for the container's init");
    if (!error.is(EACCES)) throw error;
    throw std::move(error).with_hint(
        "the sysctl vm.memfd_noexec is 2 here, which forbids them: set it to 1 or 0");
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> out;
    out.reserve(texts.size() + 1);
    for (const auto& text : texts) out.push_back(const_cast<char*>(text.c_str()));
    out.push_back(nullptr);
    return out;
}

}  // namespace

sys::Fd make_stub() {
    auto fd = make_executable_memfd();
    sys::write_all(fd.get(), stub_image(), "the container's init");
    // memfd files are made with mode 0777. Readable, so that execve leaves the process dumpable as any other.
    check(::fchmod(fd.get(), 0555), "change the mode of the container's init");
    check(::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE),
          "seal the container's init");
    return fd;
}

void exec_stub(StubMode mode, int stub_fd, int report_fd, const std::string& path,
               const std::vector<std::string>& args, const std::vector<std::string>& env) {
    if (args.empty()) throw Error("execute '{}': no arguments, not even a name", printable(path));
    std::vector<std::string> argv = {"rpod-init", mode == StubMode::reap ? "reap" : "exec",
                                     std::to_string(report_fd), path};
    argv.insert(argv.end(), args.begin(), args.end());
    const auto argv_pointers = pointers(argv);
    const auto env_pointers = pointers(env);
    check(::fcntl(report_fd, F_SETFD, 0), "pass the report pipe on");
    ::fexecve(stub_fd, argv_pointers.data(), env_pointers.data());
    if (errno == EPERM || errno == ENOSYS) {
        // A seccomp profile that knows execve only.
        ::execve(fmt::format("/proc/self/fd/{}", stub_fd).c_str(), argv_pointers.data(), env_pointers.data());
    }
    const int err = errno;
    ::fcntl(report_fd, F_SETFD, FD_CLOEXEC);
    if (err == E2BIG) throw SysError(err, "execute '{}'", printable(path)).with_exit_code(kExitNotExecutable);
    throw SysError(err, "execute the container's init");
}

void exec_reaper(int stub_fd) {
    const std::vector<std::string> args{"rpod-init", "rest"};
    const auto argv = pointers(args);
    const auto env = pointers({});
    ::fexecve(stub_fd, argv.data(), env.data());
    throw SysError(errno, "execute the pod's first process");
}

std::optional<int> read_exec_report(int report_fd) {
    unsigned char bytes[4];
    size_t have = 0;
    while (have < sizeof bytes) {
        const ssize_t n = ::read(report_fd, bytes + have, sizeof bytes - have);
        if (n < 0 && errno == EINTR) continue;
        check(n, "read the report of the container's init");
        if (n == 0) return std::nullopt;
        have += static_cast<size_t>(n);
    }
    return static_cast<int>(bytes[0] | bytes[1] << 8 | bytes[2] << 16 |
                            static_cast<unsigned>(bytes[3]) << 24);
}

int exec_failure_code(int err) noexcept {
    return err == ENOENT || err == ENOTDIR ? kExitNotFound : kExitNotExecutable;
}

}  // namespace rpod::runtime
