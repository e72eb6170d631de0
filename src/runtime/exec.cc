// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/exec.hh"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "base/error.hh"
#include "base/strings.hh"
#include "runtime/stub.hh"
#include "sys/file.hh"
#include "sys/namespace.hh"
#include "userns/id_map.hh"

namespace rpod::runtime {
namespace {

/// Field 4 of /proc/PID/stat; the command's name, field 2, may hold anything, a ')' too.
pid_t parent_of(int proc) {
    const auto stat = sys::read_file_at(proc, "stat");
    const auto end = stat.rfind(')');
    if (end == std::string::npos) return 0;
    const auto fields = split(trim(std::string_view(stat).substr(end + 1)), ' ');
    if (fields.size() < 2) return 0;
    return static_cast<pid_t>(parse_uint(fields[1], INT32_MAX).value_or(0));
}

bool same_file(int a, int b) {
    struct stat sa {
    }, sb{};
    check(::fstat(a, &sa), "look at a namespace");
    check(::fstat(b, &sb), "look at a namespace");
    return sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

std::string namespace_path(int flag) { return std::string("ns/") + sys::namespace_file(flag); }

/// Nothing where it is our own.
sys::Fd open_foreign(int proc, int own_proc, int flag) {
    auto theirs = sys::open_at(proc, namespace_path(flag), O_RDONLY);
    const auto ours = sys::open_at(own_proc, namespace_path(flag), O_RDONLY);
    return same_file(theirs.get(), ours.get()) ? sys::Fd() : std::move(theirs);
}

sys::Fd open_proc(pid_t pid) { return sys::open_file(fmt::format("/proc/{}", pid), O_PATH | O_DIRECTORY); }

}  // namespace

ExecTarget open_exec_target(pid_t init, pid_t monitor) {
    // All through one descriptor: it stays with this process, whoever gets the number next.
    const auto proc = open_proc(init);
    if (parent_of(proc.get()) != monitor)
        throw Error("process {} is not the first process of the container", init);
    const auto own = sys::open_file("/proc/self", O_PATH | O_DIRECTORY);
    ExecTarget target;
    target.session = open_foreign(open_proc(monitor).get(), own.get(), CLONE_NEWUSER);
    target.pid = open_foreign(proc.get(), own.get(), CLONE_NEWPID);
    target.user = open_foreign(proc.get(), own.get(), CLONE_NEWUSER);
    // The mount namespace comes last: from there on paths are the container's.
    for (const int flag : {CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWNET, CLONE_NEWNS}) {
        if (auto fd = open_foreign(proc.get(), own.get(), flag))
            target.others.push_back({.flag = flag, .fd = std::move(fd)});
    }
    const auto uids = userns::IdMap::from_proc(sys::read_file_at(proc.get(), "uid_map"));
    const auto gids = userns::IdMap::from_proc(sys::read_file_at(proc.get(), "gid_map"));
    target.maps_root_user = uids.to_outside(0).has_value();
    target.maps_root_group = gids.to_outside(0).has_value();
    target.single_group = gids.count() == 1;
    return target;
}

namespace {

struct Pipe {
    sys::Fd reader;
    sys::Fd writer;
};

Pipe make_pipe() {
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC), "create a pipe");
    return {.reader = sys::Fd(ends[0]), .writer = sys::Fd(ends[1])};
}

void make_streams(const ExecPlan& plan, ExecDescriptors& theirs, Executed& ours) {
    if (plan.stdio != ExecStdio::pipes) return;
    if (plan.stdin_open) {
        auto in = make_pipe();
        theirs.streams[0] = std::move(in.reader);
        ours.stdin_pipe = std::move(in.writer);
    }
    auto out = make_pipe();
    auto err = make_pipe();
    theirs.streams[1] = std::move(out.writer);
    theirs.streams[2] = std::move(err.writer);
    ours.stdout_pipe = std::move(out.reader);
    ours.stderr_pipe = std::move(err.reader);
}

sys::Fd wait_forked(const sys::Channel& joiner) {
    auto packet = joiner.receive();
    if (!packet) throw Error("enter the container: the joining process died");
    if (static_cast<ExecStage>(packet->kind) == ExecStage::forked && packet->fds.size() == 1)
        return std::move(packet->fds[0]);
    throw Error("enter the container: {}", packet->text);
}

sys::Fd wait_ready(const LaunchSync& sync) {
    sys::Fd console;
    for (;;) {
        auto event = sync.wait();
        if (event.stage == Stage::ready) return console;
        if (event.stage != Stage::console)
            throw Error("the process in the container said '{}' out of turn", name(event.stage));
        console = std::move(event.fds.at(0));
    }
}

}  // namespace

Executed execute_in(ExecTarget target, const ExecPlan& plan) {
    Executed result;
    ExecDescriptors theirs;
    auto report = make_pipe();
    theirs.exec_report = std::move(report.writer);
    theirs.stub = make_stub();
    make_streams(plan, theirs, result);
    auto [joiner_end, command_end] = sys::Channel::make_pair();
    auto [launch_sync, init_sync] = make_sync_pair("the process in the container");
    result.joiner_pid_ = sys::fork_child("rpod:exec", [&, &channel = command_end, &sync = init_sync] {
        return run_exec_joiner(target, plan, theirs, channel, sync);
    });
    result.joiner_.emplace(std::move(joiner_end));
    // What the others hold we let go of: their death must show as the end of their pipes.
    theirs = {};
    { const auto gone = std::move(command_end); }
    { const auto gone = std::move(init_sync); }
    result.pidfd_ = wait_forked(*result.joiner_);
    if (plan.on_forked) plan.on_forked(result.pidfd_.get());
    result.console = wait_ready(launch_sync);
    if (const auto err = read_exec_report(report.reader.get())) {
        throw Error("execute '{}': {}", printable(plan.process.args.front()), std::strerror(*err))
            .with_exit_code(exec_failure_code(*err));
    }
    // Executed; or it gave up on the last steps, and says so before it ends.
    launch_sync.wait_end();
    return result;
}

sys::ExitStatus Executed::take_status() {
    const auto packet = joiner_->receive();
    if (!packet || static_cast<ExecStage>(packet->kind) != ExecStage::ended)
        throw Error("the process that waits for the command in the container died");
    const auto fields = split(packet->text, ' ');
    if (fields.size() != 2) throw Error("the process that waits for the command spoke in riddles");
    sys::wait_for(joiner_pid_);
    return {.code = static_cast<int>(parse_uint(fields[0], 255).value_or(kExitFailed)),
            .signal = static_cast<int>(parse_uint(fields[1], 64).value_or(0))};
}

}  // namespace rpod::runtime
