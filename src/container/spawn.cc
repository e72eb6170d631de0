// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/spawn.hh"

#include "container/session.hh"

namespace rpod::container {

std::optional<sys::ExitStatus> run_monitored(const store::Paths& paths, MonitorJob& job,
                                             const SpawnRequest& spawn, const AttachRequest& request) {
    auto [client, monitor] = make_attach_pair();
    const userns::SpawnOptions options{
        .role = "rpod:monitor",
        .place = job.own_pid_namespace ? userns::Place::pid_namespace : userns::Place::detached,
        .subuid_name = spawn.subuid_name,
        .subgid_name = spawn.subgid_name};
    userns::spawn_in_session(
        session_files(paths), userns::current_identity(), options,
        [&job, &channel = monitor](int holder) { return run_monitor(job, std::move(channel), holder); });
    monitor.close();
    // The monitor alone holds the ports now: nobody waits for us when they are to be free again.
    job.plan.network.listeners.clear();
    job.plan.network.joins.clear();
    return follow_launch(client, job.attached, job.waits, request);
}

std::optional<sys::ExitStatus> follow_launch(const ClientEnd& client, bool attached, bool waits,
                                             const AttachRequest& request) {
    client.expect(AttachKind::created);
    if (request.when_created) request.when_created();
    if (waits) return std::nullopt;
    if (attached) return start_attached(client, request.attach);
    client.start();
    client.expect(AttachKind::started);
    return std::nullopt;
}

}  // namespace rpod::container
