// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/launch.hh"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include <cstring>

#include "base/error.hh"
#include "runtime/init.hh"
#include "runtime/mounts.hh"
#include "runtime/namespace_flag.hh"
#include "runtime/rootfs.hh"
#include "runtime/stub.hh"
#include "sys/channel.hh"
#include "sys/file.hh"
#include "sys/mount.hh"
#include "sys/namespace.hh"

namespace rpod::runtime {
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

}  // namespace

/// One launch, phase by phase.
class Launch {
  public:
    explicit Launch(LaunchPlan& plan) : plan_(plan) {}

    Launched run() {
        maps_ = userns::resolve_pod_maps(plan_.id_map, userns::own_maps());
        root_ = prepare_root(plan_.root, maps_);
        open_namespaces();
        bind_sources_ = open_bind_sources(plan_.spec);
        make_streams();
        clone_init();
        write_id_maps();
        follow_init();
        return std::move(result_);
    }

  private:
    /// Descriptors of the namespaces to join; the flags of those to make.
    void open_namespaces() {
        for (const auto& ns : plan_.spec.linux.namespaces) {
            const int flag = clone_flag(ns.type);
            // Offsets can be set only where nobody is in it yet: init makes it.
            if (flag == CLONE_NEWTIME && !plan_.spec.linux.time_offsets.empty()) continue;
            if (ns.path.empty()) {
                new_namespaces_ |= static_cast<uint64_t>(flag);
            } else {
                foreign_.push_back({.flag = flag, .fd = sys::open_file(ns.path, O_RDONLY)});
            }
        }
    }

    void make_streams() {
        auto report = make_pipe();
        result_.exec_report_ = std::move(report.reader);
        init_.exec_report = std::move(report.writer);
        init_.stub = make_stub();
        if (plan_.stdio != Stdio::pipes) return;
        if (plan_.stdin_open) {
            auto in = make_pipe();
            init_.streams[0] = std::move(in.reader);
            result_.stdin_pipe = std::move(in.writer);
        } else {
            init_.streams[0] = sys::open_file("/dev/null", O_RDONLY);
        }
        auto out = make_pipe();
        auto err = make_pipe();
        init_.streams[1] = std::move(out.writer);
        init_.streams[2] = std::move(err.writer);
        result_.stdout_pipe = std::move(out.reader);
        result_.stderr_pipe = std::move(err.reader);
    }

    /// Child, in its new namespaces, before its IDs are mapped.
    int init_process(const InitSync& sync) {
        result_.sync_.reset();
        return run_init(
            InitContext{
                .plan = plan_, .maps = maps_, .root = root_, .bind_sources = bind_sources_, .own = init_},
            sync);
    }

    void clone_init() {
        auto [ours, theirs] = make_sync_pair();
        result_.sync_.emplace(std::move(ours));
        result_.command_ = plan_.spec.process.args.front();
        const auto child = [&, &sync = theirs] { return init_process(sync); };
        if (foreign_.empty()) {
            auto init = sys::clone_child(new_namespaces_, "rpod:init", child);
            result_.pid_ = init.pid;
            result_.pidfd_ = std::move(init.pidfd);
        } else {
            clone_from_foreign(child);
        }
        result_.host_pid_ = sys::pid_in_proc(result_.pidfd_.get());
        result_.hooks_ = &plan_.hooks;
        if (plan_.hooks.caller) plan_.hooks.caller->begun(result_.pidfd_.get());
        // Now, while it is dumpable.
        result_.mount_namespace_ = sys::open_namespace(result_.host_pid_, CLONE_NEWNS);
        if (plan_.network.mode == NetworkMode::slirp || plan_.network.mode == NetworkMode::networks)
            pod_network_ = sys::open_namespace(result_.host_pid_, CLONE_NEWNET);
        // What init holds, we let go of: its death must show as the end of its pipes.
        init_ = {};
        bind_sources_.clear();
    }

    /// Joins the foreign namespaces in a process of its own, which then makes the container's first process
    /// as our child: we stay where we are. A user namespace is joined last; the others need the rights of the
    /// session's root.
    void clone_from_foreign(const std::function<int()>& child) {
        auto [ours, theirs] = sys::Channel::make_pair();
        const pid_t joiner = sys::fork_child("rpod:join", [&, &channel = theirs] {
            try {
                for (const int user : {0, CLONE_NEWUSER}) {
                    for (const auto& ns : foreign_) {
                        if ((ns.flag == CLONE_NEWUSER) == (user != 0))
                            sys::join_namespace(ns.fd.get(), ns.flag);
                    }
                }
                const auto init = sys::clone_child(new_namespaces_ | CLONE_PARENT, "rpod:init", child);
                channel.send(static_cast<uint32_t>(init.pid), {}, {init.pidfd.get()});
            } catch (const Error& e) {
                channel.send(0, e.what());
            }
            return 0;
        });
        theirs.close();
        auto answer = ours.receive();
        sys::wait_for(joiner);
        if (!answer) throw Error("join the namespaces of another container: the joining process died");
        if (answer->kind == 0 || answer->fds.empty()) throw Error(answer->text);
        result_.pid_ = static_cast<pid_t>(answer->kind);
        result_.pidfd_ = std::move(answer->fds[0]);
    }

    void write_id_maps() {
        if (new_namespaces_ & CLONE_NEWUSER) {
            userns::write_pod_maps(result_.host_pid_, maps_);
        }
        result_.sync_->id_map_written();
    }

    void follow_init() {
        for (;;) {
            result_.servers_->wait_readable(result_.sync_->fd());
            auto event = result_.sync_->wait();
            switch (event.stage) {
                case Stage::tap_created:
                    result_.servers_->serve_network(std::move(event.fds.at(0)), std::move(pod_network_),
                                                    plan_.network);
                    break;
                case Stage::fuse_mounted:
                    result_.servers_->serve_image(std::move(event.fds),
                                                  std::get<ImageRoot>(plan_.root.source), root_.views, maps_);
                    break;
                case Stage::overlay_mounted:
                    result_.servers_->serve_overlay(std::move(event.fds),
                                                    std::get<ImageRoot>(plan_.root.source), maps_,
                                                    !plan_.root.volatile_upper);
                    break;
                case Stage::console:
                    result_.console = std::move(event.fds.at(0));
                    break;
                case Stage::mounted:
                    run_caller_hooks();
                    result_.sync_->hooks_ran();
                    break;
                case Stage::ready:
                    if (plan_.network.mode == NetworkMode::networks)
                        result_.servers_->join_networks(std::move(pod_network_), plan_.network);
                    result_.servers_->wait_network_ready();
                    return;
                default:
                    throw Error("the container's first process said '{}' out of turn", name(event.stage));
            }
        }
    }

    /// While they run, the container's first process may need its servers.
    void run_caller_hooks() {
        const auto& caller = plan_.hooks.caller;
        if (!caller) return;
        caller->create(result_.host_pid_);
        result_.servers_->wait_readable(caller->fd());
        caller->wait();
    }

    struct Foreign {
        int flag;
        sys::Fd fd;
    };

    LaunchPlan& plan_;
    userns::PodMaps maps_;
    PreparedRoot root_;
    std::vector<Foreign> foreign_;
    uint64_t new_namespaces_ = 0;
    std::vector<sys::Fd> bind_sources_;
    InitDescriptors init_;
    sys::Fd pod_network_;  ///< for the published ports
    Launched result_;
};

void Launched::start() {
    sync_->go();
    servers_->wait_readable(exec_report_.get());
    const auto err = read_exec_report(exec_report_.get());
    exec_report_.reset();
    if (err)
        throw Error("execute '{}': {}", command_, std::strerror(*err))
            .with_exit_code(exec_failure_code(*err));
    // Executed; or init gave up on the last steps, and says so before it ends.
    servers_->wait_readable(sync_->fd());
    sync_->wait_end();
    sync_.reset();
    if (!hooks_->caller) return;
    hooks_->caller->started(host_pid_);
    servers_->wait_readable(hooks_->caller->fd());
    hooks_->caller->wait();
}

Launched launch(LaunchPlan& plan) { return Launch(plan).run(); }

}  // namespace rpod::runtime
