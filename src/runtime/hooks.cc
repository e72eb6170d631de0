// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/hooks.hh"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>

#include "base/error.hh"
#include "base/strings.hh"
#include "sys/fd.hh"
#include "sys/file.hh"
#include "sys/process.hh"
#include "sys/signals.hh"

namespace rpod::runtime {
namespace {

/// A file and not a pipe: whoever does not read its state cannot make us wait, or die by SIGPIPE.
sys::Fd make_input(const std::string& text) {
    sys::Fd file(check(::memfd_create("state", MFD_CLOEXEC | MFD_ALLOW_SEALING), "create a memory file"));
    sys::write_all(file.get(), text, "the state for a hook");
    check(::lseek(file.get(), 0, SEEK_SET), "rewind the state for a hook");
    check(::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE),
          "seal the state for a hook");
    return file;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> out;
    out.reserve(texts.size() + 1);
    for (const auto& text : texts) out.push_back(const_cast<char*>(text.c_str()));
    out.push_back(nullptr);
    return out;
}

/// The hook's process. What goes wrong is written to `report`, which closes when the hook is executed.
int become_hook(const oci::Hook& hook, const HookOptions& options, int input, int report) {
    try {
        // Its own group, so that a hook that is late goes with what it has started.
        check(::setpgid(0, 0), "start a process group");
        check(::dup2(input, STDIN_FILENO), "set up standard input");
        check(::dup2(STDERR_FILENO, STDOUT_FILENO), "set up standard output");
        if (!options.directory.empty())
            check(::chdir(options.directory.c_str()), "enter '{}'", printable(options.directory));
        const auto argv = hook.args.empty() ? std::vector{hook.path} : hook.args;
        const auto args = pointers(argv);
        const auto env = pointers(hook.env);
        sys::reset_signals();
        check(::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC), "close our descriptors");
        if (options.become) options.become();
        ::execve(hook.path.c_str(), args.data(), env.data());
        throw SysError(errno, "execute it");
    } catch (const Error& e) {
        sys::write_all(report, e.what(), "the report of a hook");
    }
    return kExitFailed;
}

/// @return whether the process has ended
bool wait_until(int pidfd, std::optional<int> seconds) {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + std::chrono::seconds(seconds.value_or(0));
    for (;;) {
        auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
        // A timeout of years is more milliseconds than poll(2) can count.
        left = std::clamp<decltype(left)>(left + 1, 0, 1 << 30);
        pollfd ended{.fd = pidfd, .events = POLLIN, .revents = 0};
        const int ready = ::poll(&ended, 1, seconds ? static_cast<int>(left) : -1);
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) throw SysError(errno, "wait for a hook");
        if (seconds && Clock::now() >= end) return false;
    }
}

std::string read_report(int fd) {
    constexpr size_t kMaxReport = 4096;
    std::string text(kMaxReport, '\0');
    const ssize_t n = ::read(fd, text.data(), text.size());
    text.resize(n > 0 ? static_cast<size_t>(n) : 0);
    return text;
}

}  // namespace

const char* name(HookPoint point) noexcept {
    switch (point) {
        case HookPoint::prestart:
            return "prestart";
        case HookPoint::create_runtime:
            return "createRuntime";
        case HookPoint::create_container:
            return "createContainer";
        case HookPoint::start_container:
            return "startContainer";
        case HookPoint::poststart:
            return "poststart";
        case HookPoint::poststop:
            return "poststop";
    }
    return "?";
}

const std::vector<oci::Hook>& hooks_at(const oci::Hooks& hooks, HookPoint point) noexcept {
    switch (point) {
        case HookPoint::prestart:
            return hooks.prestart;
        case HookPoint::create_runtime:
            return hooks.create_runtime;
        case HookPoint::create_container:
            return hooks.create_container;
        case HookPoint::start_container:
            return hooks.start_container;
        case HookPoint::poststart:
            return hooks.poststart;
        case HookPoint::poststop:
            break;
    }
    return hooks.poststop;
}

void run_hook(const oci::Hook& hook, HookPoint point, const oci::State& state, const HookOptions& options) {
    const auto input = make_input(state.to_json());
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC), "create a pipe");
    const sys::Fd reader(ends[0]);
    sys::Fd writer(ends[1]);
    const pid_t pid =
        sys::fork_child("rpod:hook", [&] { return become_hook(hook, options, input.get(), writer.get()); });
    writer.reset();
    const auto pidfd = sys::open_pidfd(pid);
    const bool in_time = wait_until(pidfd.get(), hook.timeout);
    if (!in_time) {
        sys::send_signal(pidfd.get(), SIGKILL);
        ::kill(-pid, SIGKILL);
    }
    const auto status = sys::wait_for(pid);
    const auto what = fmt::format("{} hook '{}'", name(point), printable(hook.path));
    if (!in_time) throw Error("{}: killed after its timeout of {} s", what, *hook.timeout);
    if (status.ok()) return;
    // Another process of the hook may hold the pipe no more: it has been closed by execve.
    if (const auto report = read_report(reader.get()); !report.empty()) throw Error("{}: {}", what, report);
    if (status.signal) throw Error("{}: killed by {}", what, sys::signal_name(status.signal));
    throw Error("{}: it ended with exit code {}", what, status.code);
}

void run_hooks(const oci::Hooks& hooks, HookPoint point, const oci::State& state,
               const HookOptions& options) {
    for (const auto& hook : hooks_at(hooks, point)) run_hook(hook, point, state, options);
}

}  // namespace rpod::runtime
