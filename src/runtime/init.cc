// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/init.hh"

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/error.hh"
#include "runtime/accounts.hh"
#include "runtime/devices.hh"
#include "runtime/first_steps.hh"
#include "runtime/hooks.hh"
#include "runtime/mounts.hh"
#include "runtime/payload.hh"
#include "runtime/restrict.hh"
#include "sys/file.hh"
#include "sys/mount.hh"
#include "sys/process.hh"
#include "sys/rooted_dir.hh"
#include "sys/terminal.hh"

namespace rpod::runtime {
namespace {

/// What is mounted here must not travel to the mount namespace we were copied from; what is mounted there
/// still comes in.
void keep_mounts_to_ourselves() {
    check(::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr), "make all mounts slaves");
}

/// The container's terminal; its slave is our controlling terminal and the three streams.
void open_terminal(const LaunchPlan& plan, const sys::RootedDir& root, const InitSync& sync) {
    auto pty = sys::open_pty(root.open("/dev/pts/ptmx", O_RDWR | O_NOCTTY));
    if (const auto& size = plan.spec.process.console_size) {
        sys::set_window_size(pty.master.get(), {.rows = size->height, .columns = size->width});
    }
    bind_console(pty.slave.get(), root);
    check(::ioctl(pty.slave.get(), TIOCSCTTY, 0), "take the terminal");
    for (int fd = 0; fd <= 2; ++fd) check(::dup2(pty.slave.get(), fd), "set up the terminal");
    sync.console(pty.master.get());
}

void set_up_streams(const InitContext& context, const sys::RootedDir& root, const InitSync& sync) {
    if (context.plan.stdio == Stdio::terminal) return open_terminal(context.plan, root, sync);
    if (context.plan.stdio != Stdio::pipes) return;
    for (int fd = 0; fd <= 2; ++fd) {
        check(::dup2(context.own.streams[static_cast<size_t>(fd)].get(), fd), "set up standard stream {}",
              fd);
    }
}

void set_root_propagation(const oci::RuntimeSpec& spec) {
    const auto& wish = spec.linux.rootfs_propagation;
    const bool recursive = wish.starts_with('r');
    const std::string kind = recursive ? wish.substr(1) : wish;
    unsigned long flag = MS_SLAVE;
    if (kind == "shared") flag = MS_SHARED;
    if (kind == "private") flag = MS_PRIVATE;
    if (kind == "unbindable") flag = MS_UNBINDABLE;
    if (kind.empty()) return;
    check(::mount(nullptr, "/", nullptr, flag | (recursive ? static_cast<unsigned long>(MS_REC) : 0UL),
                  nullptr),
          "set the propagation of the root");
}

/// As hooks in the container see us.
oci::State state_inside(const LaunchPlan& plan, const char* status) {
    return {.oci_version = plan.spec.oci_version,
            .id = plan.name,
            .status = status,
            .pid = ::getpid(),
            .bundle = plan.hooks.bundle,
            .annotations = plan.spec.annotations};
}

/// For the hooks of the caller we are a process that can be entered (/proc/PID/ns), in which nobody else can
/// be yet. Where the user namespace is somebody else's, its processes could use that as well: there we stay
/// closed.
void open_to_hooks(const oci::RuntimeSpec& spec, bool open) {
    const auto* user = spec.linux.find_namespace(oci::NamespaceType::user);
    if (!user || !user->path.empty()) return;
    check(::prctl(PR_SET_DUMPABLE, open ? 1 : 0, 0, 0, 0), "let hooks look at this process");
}

void run_create_hooks(const LaunchPlan& plan, const InitSync& sync) {
    const auto& hooks = plan.spec.hooks;
    if (hooks.prestart.empty() && hooks.create_runtime.empty() && hooks.create_container.empty()) return;
    open_to_hooks(plan.spec, true);
    sync.mounted();
    sync.wait_hooks_ran();
    open_to_hooks(plan.spec, false);
    run_hooks(hooks, HookPoint::create_container, state_inside(plan, "creating"), {});
}

/// With what the payload will have, and no more: they are programs of the container.
void run_start_hooks(const LaunchPlan& plan, const Payload& payload, const ContainerUser& user) {
    run_hooks(plan.spec.hooks, HookPoint::start_container, state_inside(plan, "created"),
              {.directory = {}, .become = [&] { become_payload(payload, user); }});
}

void build_root(const InitContext& context, const InitSync& sync, ContainerUser& user) {
    const auto& plan = context.plan;
    keep_mounts_to_ourselves();
    const auto root = mount_root(plan.root, context.root, context.maps, sync);
    user = resolve_user(plan.spec.process.user, root);
    add_accounts(plan.accounts, plan.spec, root, user);
    mount_all(plan.spec, context.bind_sources, root, user);
    make_devices(plan.spec, root);
    set_up_streams(context, root, sync);
    set_sysctls(plan.spec, root);
    restrict_paths(plan.spec, root);
    if (plan.create_cwd) make_working_directory(plan.spec.process.cwd, root, user);
    run_create_hooks(plan, sync);
    check(::fchdir(root.fd()), "enter the container's root");
    sys::pivot_to_current_directory();
    set_root_propagation(plan.spec);
}

}  // namespace

int run_init(const InitContext& context, const InitSync& sync) {
    try {
        const auto& plan = context.plan;
        sync.wait_id_map_written();
        set_clocks(plan.spec.linux);
        become_root(context.maps, plan.spec.process.oom_score_adj);
        leave_caller();
        set_up_network(plan.network, context.maps.gids, sync);
        ContainerUser user;
        if (const auto* uts = plan.spec.linux.find_namespace(oci::NamespaceType::uts);
            uts && uts->path.empty()) {
            set_host_name(plan.spec.hostname, plan.spec.domainname);
        }
        build_root(context, sync, user);
        sync.ready();
        sync.wait_go();
        const Payload payload{.process = plan.spec.process,
                              .seccomp = plan.seccomp,
                              .single_group = context.maps.gids.count() == 1,
                              .keep_groups = plan.keep_groups,
                              .reap_as_init = plan.reap_as_init,
                              .personality = plan.spec.linux.personality,
                              .preserved_fds = plan.passed_fds,
                              .activated = !plan.passed_fds.empty()};
        run_start_hooks(plan, payload, user);
        become_payload(payload, user);
        execute_payload(payload, user, context.own.stub.get(), context.own.exec_report.get());
    } catch (const std::exception& e) {
        sync.failed(e);
    }
    return kExitFailed;
}

}  // namespace rpod::runtime
