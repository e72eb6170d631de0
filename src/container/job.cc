// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/job.hh"

#include <memory>

#include "container/control.hh"
#include "container/create.hh"
#include "container/events.hh"
#include "container/network_connect.hh"
#include "container/spec.hh"
#include "image/image_store.hh"

namespace rpod::container {
namespace {

/// What the monitor does when the payload has ended.
void set_release(MonitorJob& job, const store::Paths& paths, const ContainerConfig& config) {
    auto withdrawn = std::make_shared<std::filesystem::path>();
    job.release = [paths, id = config.id, name = config.name, remove = config.remove, withdrawn,
                   directory = job.directory, event = job.event] {
        if (remove) {
            event("remove", {});
            // It may have been renamed meanwhile.
            *withdrawn = withdraw(paths, id, current_name(directory, name));
            return;
        }
        remove_runtime_files(paths, id);
    };
    job.clean_up = [paths, withdrawn] {
        if (!withdrawn->empty()) discard(paths, *withdrawn);
    };
}

MonitorJob describe(const store::Paths& paths, const ContainerConfig& config, const JobRequest& request) {
    MonitorJob job;
    job.id = config.id;
    job.directory = paths.containers() / config.id;
    job.control_directory = paths.run() / config.id;
    job.timeout = std::chrono::seconds(config.timeout_s);
    job.attached = request.attached;
    job.waits = request.waits;
    job.log = config.log;
    job.restart = parse_restart_policy(config.restart);
    job.stop_timeout = std::chrono::seconds(config.stop_timeout_s.value_or(kStopTimeout));
    job.pidfile = config.pidfile;
    job.conmon_pidfile = config.conmon_pidfile;
    job.event = event_sink(paths, config);
    job.reserve_network = [paths, config](const auto& attachment, const auto& present) {
        return reserve_network(paths, config, attachment, present);
    };
    set_release(job, paths, config);
    return job;
}

void set_health(MonitorJob& job, const store::Paths& paths, const ContainerConfig& config,
                const oci::RunConfig* image) {
    auto plan = plan_health(config.health, image);
    if (!plan) return;
    job.health = std::make_unique<HealthWatch>(
        *std::move(plan), job.directory,
        [paths, id = config.id](const std::vector<std::string>& command, std::chrono::milliseconds timeout) {
            return std::make_unique<HealthProbe>(paths, id, command, timeout);
        });
    job.health_event = health_event_sink(paths, config);
}

}  // namespace

MonitorJob make_job(const store::Paths& paths, const ContainerConfig& config, const JobRequest& request,
                    const Origin& origin, const PodShare* pod) {
    const image::ImageStore images(paths);
    const auto image = find_image(images, config);
    auto job = describe(paths, config, request);
    try {
        const auto* run_config = image ? &image->config.config : nullptr;
        job.stop_signal = stop_signal(config, run_config);
        set_health(job, paths, config, run_config);
        job.plan = make_plan(paths, config, image ? &*image : nullptr, images, job.directory, origin, pod);
    } catch (...) {
        remove_runtime_files(paths, config.id);
        throw;
    }
    job.own_pid_namespace = config.pid.mode == NamespaceMode::private_;
    return job;
}

}  // namespace rpod::container
