// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "pod/start.hh"

#include <unistd.h>
#include <cstdlib>

#include <chrono>
#include <thread>

#include "base/error.hh"
#include "container/activation.hh"
#include "container/control.hh"
#include "container/facts.hh"
#include "container/host_files.hh"
#include "container/notify.hh"
#include "container/publish.hh"
#include "container/record.hh"
#include "container/session.hh"
#include "container/spawn.hh"
#include "image/image_store.hh"
#include "pod/monitor.hh"
#include "pod/record.hh"
#include "sys/file.hh"
#include "sys/terminal.hh"
#include "userns/launcher.hh"

namespace rpod::pod {
namespace {

using container::AttachKind;
using container::ContainerConfig;
using oci::NamespaceType;

/// Longer than a monitor ever takes from its lock to its socket.
constexpr auto kStartTime = std::chrono::seconds(5);

/// /etc/hosts and /etc/resolv.conf are one for all members that share the network.
void make_shared_files(PodJob& job, const std::filesystem::path& directory) {
    if (!job.config.shared.contains(NamespaceType::network)) return;
    auto base = job.config.base;
    base.hostname = pod_hostname(job.config);
    base.no_hostname = true;
    const auto mode = job.namespaces.network.mode;
    const bool slirp = mode == runtime::NetworkMode::slirp || mode == runtime::NetworkMode::networks;
    auto facts = job.origin.facts;
    container::write_network_files(base, job.namespaces.network.resolvers,
                                   slirp ? &job.namespaces.network.slirp : nullptr, directory, facts);
    job.hosts_file = facts.hosts_file;
    job.resolv_conf_file = facts.resolv_conf_file;
}

PodJob make_job(const store::Paths& paths, const std::string& id) {
    PodJob job{.paths = paths, .config = read_pod(paths, id), .origin = {}, .namespaces = {}};
    const auto& base = job.config.base;
    job.origin = container::Origin::here(base.userns);
    job.namespaces.id_map = container::plan_maps(paths, base.userns, job.origin.facts, paths.pods() / id);
    job.namespaces.shared = job.config.shared;
    job.namespaces.hostname = pod_hostname(job.config);
    if (job.config.shared.contains(NamespaceType::network)) {
        job.namespaces.network = container::plan_network(paths, base);
        job.namespaces.network.listeners = container::publish_again(base);
    }
    store::open_run(paths);
    const auto run_directory = paths.run() / id;
    sys::make_dirs(run_directory, 0711);
    make_shared_files(job, run_directory);
    return job;
}

/// The caller holds the pod's lock.
void spawn_monitor(const store::Paths& paths, const std::string& id) {
    auto job = make_job(paths, id);
    auto [client, monitor] = container::make_attach_pair();
    userns::spawn_in_session(
        container::session_files(paths), userns::current_identity(),
        {.role = "rpod:monitor",
         .place = userns::Place::pid_namespace,
         .subuid_name = job.config.base.userns.subuid_name,
         .subgid_name = job.config.base.userns.subgid_name},
        [&job, &channel = monitor](int holder) { return run_pod_monitor(job, std::move(channel), holder); });
    monitor.close();
    // The monitor alone holds the ports now.
    job.namespaces.network.listeners.clear();
    job.namespaces.network.joins.clear();
    client.expect(AttachKind::created);
}

/// One whose command was killed may still be on its way: alive, and not listening yet.
std::optional<container::ClientEnd> await_control(const store::Paths& paths, const std::string& id) {
    const auto deadline = std::chrono::steady_clock::now() + kStartTime;
    for (;;) {
        if (auto monitor = container::connect_control(paths, id)) return monitor;
        if (!container::is_alive(paths.pods() / id)) return std::nullopt;
        if (std::chrono::steady_clock::now() > deadline) throw container::no_control(id);
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

container::ClientEnd connect_pod(const store::Paths& paths, const std::string& id) {
    const auto lock = lock_pod(paths, id);
    const auto directory = paths.pods() / id;
    if (container::is_alive(directory)) {
        if (auto monitor = await_control(paths, id)) return *std::move(monitor);
    }
    // The old one's processes must be gone before its ports are bound again.
    container::wait_for_monitor(directory);
    try {
        spawn_monitor(paths, id);
    } catch (const Error&) {
        if (!container::is_alive(directory)) throw;
    }
    auto monitor = await_control(paths, id);
    if (!monitor) throw container::MonitorGone();
    return *std::move(monitor);
}

MemberRequest member_request(const store::Paths& paths, const ContainerConfig& config,
                             const container::StartRequest& request) {
    MemberRequest out{.id = config.id, .attached = request.attached, .waits = request.waits};
    if (config.tty) {
        if (const auto size = sys::window_size(STDIN_FILENO)) {
            out.rows = size->rows;
            out.columns = size->columns;
        }
    }
    container::HostFacts facts;
    container::find_foreign_namespaces(paths, config, facts);
    out.foreign = std::move(facts.namespaces);
    out.shared_shm = std::move(facts.shared_shm);
    out.shared_mqueue = std::move(facts.shared_mqueue);
    return out;
}

/// Before the monitor needs it, which must not do it.
void prepare_members_image(const store::Paths& paths, const ContainerConfig& config) {
    const image::ImageStore images(paths);
    if (const auto image = container::find_image(images, config))
        container::prepare_image(config, *image, images);
}

std::optional<sys::ExitStatus> start_member(const store::Paths& paths, const ContainerConfig& config,
                                            sys::Fd& lock, const container::StartRequest& request) {
    container::refuse_listen_fds("a container of a pod");
    if (const auto mode = container::notify_mode_of(config);
        !mode.empty() && mode != "ignore" && std::getenv("NOTIFY_SOCKET"))
        throw Error("--sdnotify={} is not supported for a container of a pod", mode)
            .with_hint("--sdnotify=ignore");
    prepare_members_image(paths, config);
    const auto wanted = member_request(paths, config, request);
    const auto pod = connect_pod(paths, config.pod);
    auto [client, monitor] = container::make_attach_pair();
    pod.send(AttachKind::member, to_json(wanted), {monitor.fd()});
    monitor.close();
    return container::follow_launch(
        client, request.attached, request.waits,
        {.attach = container::attach_options(config, request), .when_created = [&lock] { lock.reset(); }});
}

}  // namespace

std::optional<sys::ExitStatus> start_in_place(const store::Paths& paths, const ContainerConfig& config,
                                              sys::Fd& lock, const container::StartRequest& request,
                                              std::vector<net::PortListener> listeners) {
    if (!config.pod.empty()) return start_member(paths, config, lock, request);
    return container::start_monitor(paths, config, lock, request, std::move(listeners));
}

void start_empty(const store::Paths& paths, const std::string& id) { connect_pod(paths, id); }

}  // namespace rpod::pod
