// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/start.hh"

#include "base/error.hh"
#include "container/activation.hh"
#include "container/control.hh"
#include "container/create.hh"
#include "container/events.hh"
#include "container/facts.hh"
#include "container/job.hh"
#include "container/plan.hh"
#include "container/publish.hh"
#include "container/record.hh"
#include "container/root_mount.hh"
#include "container/spawn.hh"

namespace rpod::container {

AttachOptions attach_options(const ContainerConfig& config, const StartRequest& request) {
    return {.streams = request.streams,
            .tty = config.tty,
            .sig_proxy = request.sig_proxy,
            .detach_keys = request.detach_keys};
}

std::optional<sys::ExitStatus> start_monitor(const store::Paths& paths, const ContainerConfig& config,
                                             sys::Fd& lock, const StartRequest& request,
                                             std::vector<net::PortListener> listeners) {
    auto origin = Origin::here(config.userns);
    find_foreign_namespaces(paths, config, origin.facts);
    auto job =
        make_job(paths, config, {.attached = request.attached, .waits = request.waits}, origin, nullptr);
    take_console_size(job.plan.spec);
    job.plan.network.listeners = std::move(listeners);
    try {
        pass_listen_fds(job.plan);
        job.notify = plan_notify(paths, config, job.health != nullptr, job.plan);
    } catch (...) {
        remove_runtime_files(paths, config.id);
        throw;
    }
    const bool passthrough = config.log.driver == "passthrough";
    if (passthrough) {
        job.plan.stdio = runtime::Stdio::inherit;
        job.null_stdin = !config.stdin_open;
    }
    auto options = attach_options(config, request);
    if (passthrough) options.streams = {.in = false, .out = false, .err = false};
    return run_monitored(paths, job,
                         {.subuid_name = config.userns.subuid_name, .subgid_name = config.userns.subgid_name},
                         {.attach = options, .when_created = [&lock] { lock.reset(); }});
}

std::optional<sys::ExitStatus> attach_container(const store::Paths& paths, const std::string& id,
                                                const StartRequest& request) {
    const auto directory = paths.containers() / id;
    const auto config = read_config(directory);
    const auto life = life_of(directory);
    if (life != Life::running && life != Life::initialized && life != Life::stopping) {
        throw Error("you can only attach to running containers");
    }
    if (config.log.driver == "passthrough")
        throw Error(
            "attach to {}: its streams are those of the command that started it (--log-driver=passthrough)",
            id);
    const auto monitor = reach_control(paths, id);
    auto options = attach_options(config, request);
    if (!config.stdin_open && !config.tty) options.streams.in = false;
    note_event(paths, config, "attach");
    return attach_running(monitor, options);
}

namespace {

std::optional<sys::ExitStatus> start_initialized(const store::Paths& paths, const std::string& id,
                                                 const StartRequest& request) {
    refuse_listen_fds("a container that has been initialized");
    const auto monitor = reach_control(paths, id);
    if (!request.attached) {
        monitor.start();
        monitor.expect(AttachKind::started);
        return std::nullopt;
    }
    const auto config = read_config(paths.containers() / id);
    const auto options = attach_options(config, request);
    monitor.send(AttachKind::attach, "12");
    monitor.expect(AttachKind::started);
    note_event(paths, config, "attach");
    return start_attached(monitor, options);
}

}  // namespace

std::optional<sys::ExitStatus> start_container(const store::Paths& paths, const std::string& id,
                                               const StartRequest& request, const Starter& starter) {
    const auto directory = paths.containers() / id;
    auto lock = lock_container(directory);
    switch (const auto life = life_of(directory)) {
        case Life::created:
        case Life::exited:
            break;
        case Life::initialized:
            if (request.waits)
                throw Error("container {} has already been initialized: container state improper", id);
            return start_initialized(paths, id, request);
        case Life::running:
            if (request.waits) throw Error("container {} is running: container state improper", id);
            if (request.attached) return attach_container(paths, id, request);
            return std::nullopt;
        default:
            throw Error("unable to start container {}: it is {}: container state improper", id,
                        life_name(life));
    }
    require_unmounted(directory);
    // The old mounts must be gone before the writable layer is mounted again.
    wait_for_monitor(directory);
    const auto config = read_config(directory);
    auto listeners = publish_again(config);
    if (config.remove) mark_for_removal(paths, id);
    return starter(paths, config, lock, request, std::move(listeners));
}

}  // namespace rpod::container
