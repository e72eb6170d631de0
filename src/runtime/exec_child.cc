// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/log.hh"
#include "runtime/exec.hh"
#include "runtime/payload.hh"
#include "runtime/user_lookup.hh"
#include "sys/file.hh"
#include "sys/keyring.hh"
#include "sys/mount.hh"
#include "sys/namespace.hh"
#include "sys/rooted_dir.hh"
#include "sys/terminal.hh"

namespace rpod::runtime {
namespace {

constexpr long kDevptsMagic = 0x1cd1;  // linux/magic.h: DEVPTS_SUPER_MAGIC

/// In the rights of U's root, which is above all of them; the container's own user namespace last.
void join_all(ExecTarget& target) {
    for (const auto& other : target.others) sys::join_namespace(other.fd.get(), other.flag);
    if (target.user) sys::join_namespace(target.user.get(), CLONE_NEWUSER);
    target.others.clear();
    target.user.reset();
    target.pid.reset();
    target.session.reset();
    if (target.maps_root_group) check(::setresgid(0, 0, 0), "become group 0 of the container");
    if (target.maps_root_user) check(::setresuid(0, 0, 0), "become user 0 of the container");
}

/// So that a payload that is not root can open /dev/stderr, or /dev/tty's own name.
void give_to_user(int fd, const ContainerUser& user) {
    if (::fchown(fd, user.uid, static_cast<gid_t>(-1)) < 0)
        log::debug("give a standard stream to user {}: {}", user.uid, errno);
}

/// The container may have put anything at that name: neither wait for it nor take it for a terminal.
sys::Fd open_ptmx(const sys::RootedDir& root) {
    auto ptmx = root.open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (sys::filesystem_type(ptmx.get()) != kDevptsMagic)
        throw Error("open a terminal: the container's /dev/pts is not devpts");
    check(::fcntl(ptmx.get(), F_SETFL, O_RDWR), "open a terminal");
    return ptmx;
}

void open_terminal(const ExecPlan& plan, const sys::RootedDir& root, const ContainerUser& user,
                   const InitSync& sync) {
    auto pty = sys::open_pty(open_ptmx(root));
    if (const auto& size = plan.process.console_size) {
        sys::set_window_size(pty.master.get(), {.rows = size->height, .columns = size->width});
    }
    give_to_user(pty.slave.get(), user);
    check(::ioctl(pty.slave.get(), TIOCSCTTY, 0), "take the terminal");
    for (int fd = 0; fd <= 2; ++fd) check(::dup2(pty.slave.get(), fd), "set up the terminal");
    sync.console(pty.master.get());
}

void set_up_streams(const ExecPlan& plan, const ExecDescriptors& own, const sys::RootedDir& root,
                    const ContainerUser& user, const InitSync& sync) {
    if (plan.stdio == ExecStdio::terminal) return open_terminal(plan, root, user, sync);
    for (int fd = 0; fd <= 2; ++fd) {
        if (own.streams[static_cast<size_t>(fd)]) give_to_user(fd, user);
    }
}

/// As podman: root has all that the container may have; who was named by --user has nothing; the container's
/// own user has what the spec gives it. Never anything inheritable that is not ambient (CVE-2022-24769,
/// CVE-2022-29162).
void adjust_capabilities(const ExecPlan& plan, const ContainerUser& user, oci::Process& process) {
    if (!process.capabilities) return;
    auto& caps = *process.capabilities;
    if (user.uid == 0) {
        caps.effective = caps.permitted = caps.bounding;
        caps.inheritable.clear();
        caps.ambient.clear();
    } else if (plan.other_user) {
        caps = {
            .bounding = caps.bounding, .effective = {}, .permitted = {}, .inheritable = {}, .ambient = {}};
    }
}

/// What needs the container's root; the descriptor of that is closed again before the process may choose its
/// working directory (CVE-2024-21626).
ContainerUser prepare(const ExecPlan& plan, const ExecDescriptors& own, const InitSync& sync) {
    const auto root = sys::RootedDir::open("/");
    auto user = resolve_user(plan.process.user, root);
    set_up_streams(plan, own, root, user, sync);
    return user;
}

}  // namespace

int run_exec_child(ExecTarget& target, const ExecPlan& plan, ExecDescriptors& own, const InitSync& sync) {
    try {
        check(::setsid(), "start a session");
        sys::leave_session_keyring();
        join_all(target);
        const auto user = prepare(plan, own, sync);
        auto process = plan.process;
        adjust_capabilities(plan, user, process);
        sync.ready();
        const Payload payload{.process = process,
                              .seccomp = plan.seccomp,
                              .single_group = target.single_group,
                              .keep_groups = plan.keep_groups,
                              .preserved_fds = plan.preserved_fds,
                              .activated = plan.activated};
        become_payload(payload, user);
        execute_payload(payload, user, own.stub.get(), own.exec_report.get());
    } catch (const std::exception& e) {
        sync.failed(e);
    }
    return kExitFailed;
}

}  // namespace rpod::runtime
