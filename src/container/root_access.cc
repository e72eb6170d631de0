// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/root_access.hh"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/control.hh"
#include "container/create.hh"
#include "container/plan.hh"
#include "container/record.hh"
#include "container/root_mount.hh"
#include "container/root_namespaces.hh"
#include "container/session.hh"
#include "container/stored_mounts.hh"
#include "container/volume_store.hh"
#include "image/image_store.hh"
#include "runtime/launch.hh"
#include "runtime/private_tree.hh"
#include "sys/channel.hh"
#include "sys/file.hh"
#include "sys/mount.hh"
#include "sys/namespace.hh"
#include "sys/process.hh"
#include "userns/run_in_session.hh"

namespace rpod::container {
namespace {

using Act = std::function<void(const sys::RootedDir&)>;

/// What of a container is wanted.
enum class Part {
    root,   ///< without the mounts below it: what they cover shows, what they hold does not
    files,  ///< with them
    layer,  ///< the writable layer
};

struct Work {
    std::filesystem::path directory;  ///< the container's
    Part part;
    const Act& act;
    std::string layer{};  ///< where it lies in the directory
    bool flush = false;   ///< the kernel may keep what was written into it
};

/// Child, session root: becomes the root of the container's user namespace and acts.
int act_inside(int user_namespace, int mount_namespace, const Work& work, const sys::Channel& caller) {
    try {
        // Processes of the container may share our PID namespace (--pid host), and we hold files of the host.
        check(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "close this process to its neighbours");
        if (work.part == Part::layer) {
            // The layer lies in the store, which is seen from outside alone.
            sys::RootedDir layer = sys::RootedDir::open(work.directory / work.layer);
            sys::join_namespace(user_namespace, CLONE_NEWUSER);
            if (work.flush) {
                sys::join_namespace(mount_namespace, CLONE_NEWNS);
                check(::syncfs(sys::open_file("/", O_RDONLY | O_DIRECTORY).get()),
                      "flush the container's files");
            }
            work.act(layer);
            return 0;
        }
        sys::join_namespace(user_namespace, CLONE_NEWUSER);
        sys::join_namespace(mount_namespace, CLONE_NEWNS);
        work.act(work.part == Part::files ? sys::RootedDir::open("/")
                                          : sys::RootedDir(sys::clone_mount(AT_FDCWD, "/", false)));
        return 0;
    } catch (const std::exception& e) {
        caller.send(1, e.what());
    }
    return kExitFailed;
}

int fork_and_act(int user_namespace, int mount_namespace, const Work& work, const sys::Channel& caller) {
    const auto child = [&] { return act_inside(user_namespace, mount_namespace, work, caller); };
    const pid_t pid = sys::fork_child("rpod:files", child);
    const auto pidfd = sys::open_pidfd(pid);
    // Where the command dies its lock on the container goes with it: nobody may work on the files from then
    // on.
    pollfd ends[] = {{.fd = pidfd.get(), .events = POLLIN, .revents = 0},
                     {.fd = caller.fd(), .events = POLLRDHUP, .revents = 0}};
    while (::poll(ends, 2, -1) < 0 && errno == EINTR) {
    }
    if (ends[0].revents == 0) sys::send_signal(pidfd.get(), SIGKILL);
    return sys::wait_for(pid).shell_code();
}

/// Session root: mounts the root file system by a first process that is never let go.
int launch_and_act(runtime::LaunchPlan& plan, const Work& work, const sys::Channel& caller) {
    sys::unshare_namespaces(CLONE_NEWNS);
    const auto launched = runtime::launch(plan);
    const int mount = launched.mount_namespace();
    const int code = fork_and_act(sys::owning_user_namespace(mount).get(), mount, work, caller);
    sys::send_signal(launched.pidfd(), SIGKILL);
    sys::wait_for_pidfd(launched.pidfd());
    return code;
}

/// @param whose  names the files in errors
void run_in_session(const store::Paths& paths, const UsernsConfig& ids, const std::string& whose,
                    const std::function<int(const sys::Channel&)>& body) {
    userns::run_in_session(
        session_files(paths),
        {.role = "rpod:session", .subuid_name = ids.subuid_name, .subgid_name = ids.subgid_name},
        "the process that works on the files of " + whose, body);
}

void act_on_stopped(const store::Paths& paths, const std::string& id, const Work& work) {
    const auto config = read_config(work.directory);
    require_unmounted(work.directory);
    // The old mounts must be gone before the writable layer is mounted again.
    wait_for_monitor(work.directory);
    const image::ImageStore images(paths);
    const auto image = find_image(images, config);
    auto plan = make_root_plan(paths, config, image ? &*image : nullptr, images, work.directory);
    if (work.part == Part::files) {
        auto mounts = stored_mounts(paths, config, image ? &image->config.config : nullptr, work.directory);
        plan.spec.mounts.insert(plan.spec.mounts.end(), mounts.begin(), mounts.end());
    }
    run_in_session(paths, config.userns, "container " + id,
                   [&](const sys::Channel& caller) { return launch_and_act(plan, work, caller); });
}

void act_on(const store::Paths& paths, const std::string& id, const Work& work) {
    const auto act_on_running = [&](const RootNamespaces& namespaces) {
        run_in_session(paths, read_config(work.directory).userns, "container " + id,
                       [&](const sys::Channel& caller) {
                           return fork_and_act(namespaces.user.get(), namespaces.mount.get(), work, caller);
                       });
    };
    if (const auto running = find_root_namespaces(work.directory)) return act_on_running(*running);
    const auto lock = lock_container(work.directory);
    // Somebody else may have started it before we had the lock.
    if (const auto running = find_root_namespaces(work.directory)) return act_on_running(*running);
    act_on_stopped(paths, id, work);
}

}  // namespace

void with_container_root(const store::Paths& paths, const std::string& id, const Act& act) {
    act_on(paths, id, {.directory = paths.containers() / id, .part = Part::root, .act = act});
}

void with_container_files(const store::Paths& paths, const std::string& id, const Act& act) {
    act_on(paths, id, {.directory = paths.containers() / id, .part = Part::files, .act = act});
}

void with_container_layer(const store::Paths& paths, const std::string& id, const Act& act) {
    const auto directory = paths.containers() / id;
    const auto config = read_config(directory);
    if (config.rootfs)
        throw Error("container {} has no layer of its own: its root is the directory '{}'", config.name,
                    printable(config.rootfs->path));
    const auto layer = runtime::has_layers(config.storage_driver)
                           ? std::string("upper")
                           : fmt::format("{}/{}", runtime::kTreeDir, runtime::kTreeRoot);
    act_on(paths, id,
           {.directory = directory,
            .part = Part::layer,
            .act = act,
            .layer = layer,
            .flush = config.storage_driver == runtime::StorageDriver::fuse});
}

void with_volume_root(const store::Paths& paths, const std::string& name, const Act& act) {
    const auto data = volume_data(paths, name);
    run_in_session(paths, {}, "volume " + name, [&](const sys::Channel&) {
        // Where a volume stands for a directory of the host, something can be mounted below that.
        sys::unshare_namespaces(CLONE_NEWNS);
        act(sys::RootedDir(sys::clone_mount(AT_FDCWD, data, false)));
        return 0;
    });
}

void with_session_ids(const store::Paths& paths, const std::function<void()>& act) {
    run_in_session(paths, {}, "the caller", [&](const sys::Channel&) {
        act();
        return 0;
    });
}

}  // namespace rpod::container
