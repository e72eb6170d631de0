// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/root_holder.hh"

#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "base/error.hh"
#include "container/monitor.hh"
#include "container/root_mount.hh"
#include "runtime/launch.hh"
#include "sys/file.hh"
#include "sys/mount.hh"
#include "sys/namespace.hh"
#include "sys/process.hh"
#include "sys/signals.hh"

// How this works: the root file system is mounted in the container's own mount namespace, by its monitor or,
// for one that does not run, by a first process of ours that is never let go. From there a detached copy of
// that one mount comes to us through a descriptor and is attached in the mount namespace of `rpod unshare`,
// where nothing of the container is resolved: neither its volumes nor anything that it mounted itself is in
// the copy.
namespace rpod::container {
namespace {

/// Which namespaces' root is wanted, as borrowed descriptors.
struct Where {
    int user, mount;
};

/// Child: goes where the root is, and hands out a copy of its mount.
int send_root(Where where, const sys::Channel& holder) {
    try {
        // The container's processes may share our PID namespace (--pid host).
        check(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "close this process to its neighbours");
        sys::join_namespace(where.user, CLONE_NEWUSER);
        sys::join_namespace(where.mount, CLONE_NEWNS);
        holder.send(0, {}, {sys::clone_mount(AT_FDCWD, "/", false).get()});
        return 0;
    } catch (const std::exception& e) {
        holder.send(1, e.what());
    }
    return kExitFailed;
}

sys::Fd fetch_root(Where where) {
    auto [ours, theirs] = sys::Channel::make_pair();
    const pid_t pid =
        sys::fork_child("rpod:files", [&, &channel = theirs] { return send_root(where, channel); });
    theirs.close();
    auto answer = ours.receive();
    sys::wait_for(pid);
    if (!answer) throw Error("the process that looks for the root file system died");
    if (answer->fds.size() != 1) throw Error(answer->text);
    return std::move(answer->fds.front());
}

class Holder {
  public:
    explicit Holder(RootHold& hold) : hold_(hold), path_(hold.directory / "merged") {}

    void begin(const sys::Channel& command) {
        std::vector<int> keep;
        if (hold_.stored) keep = runtime::descriptors_of(*hold_.stored);
        if (hold_.running)
            keep = {hold_.running->user.get(), hold_.running->mount.get(), hold_.running->process.get()};
        keep.push_back(command.fd());
        leave_command(std::move(keep), hold_.directory);
        for (int fd = 0; fd <= 2; ++fd) sys::point_at_null(fd);
        signals_.emplace(std::vector{SIGTERM, SIGCHLD});
        lock_ = sys::open_file(hold_.directory / kMountLock, O_RDWR | O_CREAT, 0600);
        if (!sys::try_lock(lock_.get(), sys::LockKind::exclusive)) throw Error("it is mounted already");
        shell_ = sys::open_pidfd(hold_.shell.pid);
        if (sys::process_start(hold_.shell.pid) != hold_.shell.start) throw Error("rpod unshare has ended");
        attach(hold_.running ? fetch_root({hold_.running->user.get(), hold_.running->mount.get()})
                             : launch());
    }

    void stay() {
        for (;;) {
            pollfd ends[] = {{.fd = signals_->fd(), .events = POLLIN, .revents = 0},
                             {.fd = shell_.get(), .events = POLLIN, .revents = 0},
                             {.fd = container(), .events = POLLIN, .revents = 0}};
            if (::poll(ends, 3, -1) < 0) {
                if (errno == EINTR) continue;
                return;
            }
            if (ends[1].revents || ends[2].revents || told_to_end()) return;
        }
    }

    void end() {
        // It may be attached no more: whoever removed the directory has detached it.
        ::umount2(path_.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
        if (launched_) {
            sys::send_signal(launched_->pidfd(), SIGKILL);
            sys::wait_for_pidfd(launched_->pidfd());
            launched_.reset();
        }
    }

  private:
    int container() const { return launched_ ? launched_->pidfd() : hold_.running->process.get(); }

    /// The mounts are made in a namespace of their own, from which only the root comes back.
    sys::Fd launch() {
        const auto shell = sys::open_file("/proc/self/ns/mnt", O_RDONLY);
        sys::unshare_namespaces(CLONE_NEWNS);
        launched_.emplace(runtime::launch(*hold_.stored));
        const int mount = launched_->mount_namespace();
        auto root = fetch_root({sys::owning_user_namespace(mount).get(), mount});
        sys::join_namespace(shell.get(), CLONE_NEWNS);
        check(::chdir("/"), "enter '/'");
        return root;
    }

    void attach(sys::Fd root) {
        // Images are not to be trusted with set-user-ID programs and devices of the session.
        sys::change_mount(root.get(), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0, false, path_);
        sys::attach_mount(root.get(), sys::open_file(path_, O_PATH | O_DIRECTORY | O_NOFOLLOW).get(), path_);
    }

    bool told_to_end() {
        bool told = false;
        while (const auto signal = signals_->next()) told = told || *signal == SIGTERM;
        int status = 0;
        for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;)
            if (launched_) launched_->servers().replace(pid, sys::ExitStatus::from_wait(status));
        return told;
    }

    RootHold& hold_;
    const std::filesystem::path path_;
    std::optional<sys::SignalQueue> signals_;  ///< made when the command's descriptors are closed
    sys::Fd lock_, shell_;
    std::optional<runtime::Launched> launched_;
};

}  // namespace

int hold_root(RootHold& hold, const sys::Channel& command) {
    Holder holder(hold);
    try {
        holder.begin(command);
        command.send(static_cast<uint32_t>(HoldStage::mounted));
    } catch (const std::exception& e) {
        holder.end();
        command.send(static_cast<uint32_t>(HoldStage::failed), e.what());
        return kExitFailed;
    }
    holder.stay();
    holder.end();
    return 0;
}

}  // namespace rpod::container
