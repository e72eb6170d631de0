// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "pod/monitor.hh"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>

#include <algorithm>
#include <list>
#include <memory>

#include "base/error.hh"
#include "base/log.hh"
#include "container/clients.hh"
#include "container/create.hh"
#include "container/job.hh"
#include "container/member.hh"
#include "container/monitor.hh"
#include "container/port_change.hh"
#include "container/record.hh"
#include "pod/events.hh"
#include "sys/file.hh"
#include "sys/namespace.hh"
#include "sys/process.hh"

namespace rpod::pod {
namespace {

using container::AttachKind;
using container::Client;
using container::Member;
using container::MonitorEnd;
using container::PollSet;
using oci::NamespaceType;

/// In the monitor's own mount namespace: gone with it.
std::string mount_shm(const std::filesystem::path& directory, uint64_t size_bytes) {
    const auto path = directory / "shm";
    sys::make_dirs(path, 0711);
    const auto options = fmt::format("mode=1777,size={}", size_bytes);
    check(::mount("shm", path.c_str(), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options.c_str()),
          "mount the pod's /dev/shm on '{}'", path.native());
    return path;
}

class PodMonitor {
  public:
    PodMonitor(PodJob& job, MonitorEnd client)
        : job_(job),
          directory_(job.paths.pods() / job.config.base.id),
          clients_(std::move(client), false),
          namespaces_(job.namespaces) {}

    void run() {
        container::State state{.status = container::Status::running};
        container::name_monitor(state);
        container::write_state(directory_, state);
        clients_.listen(job_.paths.run() / job_.config.base.id);
        prepare_share();
        clients_.all().front().end.tell(AttachKind::created, job_.config.base.id);
        while (!over_) turn();
        clients_.linger();
    }

  private:
    /// What its members get.
    void prepare_share() {
        share_.id_map = job_.namespaces.id_map;
        share_.namespaces = namespaces_.paths();
        share_.hostname = job_.namespaces.hostname;
        share_.hosts_file = job_.hosts_file;
        share_.resolv_conf_file = job_.resolv_conf_file;
        if (job_.config.shared.contains(NamespaceType::ipc))
            share_.shm = mount_shm(directory_, job_.config.base.shm_size_bytes);
    }

    void turn() {
        PollSet set;
        const auto ended = set.add(children_.fd(), POLLIN);
        const auto network = set.add(namespaces_.servers().network_fd(), POLLIN);
        const auto joins = set.add_all(namespaces_.servers().joins().fds(), POLLIN);
        clients_.add_to(set);
        bool drains = false;
        for (auto& member : members_) {
            member->add_to(set);
            drains = drains || member->drains();
        }
        const int ready = ::poll(set.fds.data(), set.fds.size(), drains ? 0 : -1);
        if (ready < 0 && errno == EINTR) return;
        check(ready, "wait for events");
        if (set.ready(network)) namespaces_.servers().answer_network();
        if (set.any_ready(joins)) namespaces_.servers().joins().serve();
        for (auto& member : members_) member->serve(set);
        clients_.serve(set, [this](Client& client) { take_message(client); });
        if (set.ready(ended)) children_.reap([&](pid_t pid, auto status) { take_child(pid, status); });
        forget_ended();
    }

    void take_child(pid_t pid, sys::ExitStatus status) {
        for (auto& member : members_) {
            if (member->take_child(pid, status)) return;
        }
        namespaces_.take_child(pid, status);
        if (!namespaces_.pid_namespace_ended()) return;
        log::error("the first process of the pod's PID namespace has ended with {}", status.shell_code());
        over_ = true;
    }

    void forget_ended() {
        const auto before = members_.size();
        std::erase_if(members_, [](const auto& m) { return m->over() && !m->has_pending(); });
        const bool last = before > 0 && members_.empty();
        if (!last || job_.config.exit_policy != ExitPolicy::stop) return;
        over_ = true;
        note_event(job_.paths, job_.config, "stop");
    }

    void take_message(Client& client) {
        auto message = client.end.receive();
        if (!message) return;
        try {
            answer(client, *message);
        } catch (const Error& e) {
            client.end.failed(e);
        }
    }

    void answer(Client& client, container::AttachMessage& message) {
        switch (message.kind) {
            case AttachKind::member:
                if (message.fds.size() != 1) return client.end.close();
                return launch(message.text, MonitorEnd(sys::Channel(std::move(message.fds[0]))));
            case AttachKind::stop:
                if (std::any_of(members_.begin(), members_.end(), [](const auto& m) { return !m->over(); }))
                    throw Error("stop pod {}: it has containers that run", job_.config.base.id);
                over_ = true;
                // Who hears of the end finds the ports free.
                namespaces_.servers().end_network();
                job_.namespaces.network.listeners.clear();
                return client.end.tell(AttachKind::done);
            case AttachKind::publish:
                return client.end.tell(
                    AttachKind::done,
                    container::open_ports(job_.namespaces.network, &namespaces_.servers(), message.text));
            case AttachKind::unpublish:
                container::close_ports(job_.namespaces.network, &namespaces_.servers(), message.text);
                return client.end.tell(AttachKind::done);
            default:
                return client.end.close();
        }
    }

    /// @param starter  the client that will start the container
    void launch(const std::string& text, MonitorEnd starter) {
        try {
            members_.push_back(make_member(member_request_from_json(text), starter));
        } catch (const Error& e) {
            return starter.failed(e);
        }
        members_.back()->begin();
    }

    std::unique_ptr<Member> make_member(const MemberRequest& request, MonitorEnd& starter) {
        const auto directory = job_.paths.containers() / request.id;
        const auto config = container::read_config(directory);
        if (config.pod != job_.config.base.id)
            throw Error("container {} does not belong to pod {}", request.id, job_.config.base.id);
        // No descriptor of a file that one of our members has locked is ever opened again: closing it would
        // drop that lock.
        for (const auto& member : members_) {
            if (member->id() == request.id && !member->over())
                throw Error("container {}: it runs already", request.id);
        }
        auto alive = container::lock_alive(directory, "container " + request.id);
        auto origin = job_.origin;
        origin.facts.namespaces = request.foreign;
        origin.facts.shared_shm = request.shared_shm;
        origin.facts.shared_mqueue = request.shared_mqueue;
        auto job = container::make_job(
            job_.paths, config, {.attached = request.attached, .waits = request.waits}, origin, &share_);
        if (request.rows > 0)
            job.plan.spec.process.console_size =
                oci::ConsoleSize{.height = request.rows, .width = request.columns};
        return std::make_unique<Member>(std::move(job), std::move(starter), std::move(alive),
                                        job_.config.base.id);
    }

    PodJob& job_;
    std::filesystem::path directory_;
    container::EndedChildren children_;  // before anything is forked
    container::Clients clients_;
    runtime::PodNamespaces namespaces_;
    container::PodShare share_;
    std::list<std::unique_ptr<Member>> members_;
    bool over_ = false;
};

}  // namespace

int run_pod_monitor(PodJob& job, MonitorEnd client, int holder_fd) {
    const auto directory = job.paths.pods() / job.config.base.id;
    sys::Fd alive;
    try {
        std::vector<int> keep{client.fd(), holder_fd};
        for (const auto& listener : job.namespaces.network.listeners) keep.push_back(listener.socket.get());
        for (const auto& join : job.namespaces.network.joins) keep.push_back(join.channel.fd());
        container::leave_command(std::move(keep), directory);
        for (int fd = 0; fd <= 2; ++fd) sys::point_at_null(fd);
        alive = container::lock_alive(directory, "pod " + job.config.base.id);
        sys::unshare_namespaces(CLONE_NEWNS);
    } catch (const Error& e) {
        client.failed(e);
        return kExitFailed;
    }
    auto teller = container::MonitorEnd(sys::Channel(sys::duplicate(client.fd())));
    try {
        PodMonitor(job, std::move(client)).run();
    } catch (const Error& e) {
        log::error("{}", e.what());
        teller.failed(e);
        return kExitFailed;
    }
    return 0;
}

}  // namespace rpod::pod
