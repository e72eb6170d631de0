// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "pod/snapshot.hh"

#include <fcntl.h>

#include <algorithm>

#include "base/error.hh"
#include "base/log.hh"
#include "pod/record.hh"
#include "sys/file.hh"

namespace rpod::pod {
namespace {

PodSnapshot take(const store::Paths& paths, const std::string& id,
                 const std::vector<container::Snapshot>& containers) {
    const auto directory = paths.pods() / id;
    PodSnapshot s;
    s.id = id;
    s.config = read_pod(paths, id);
    s.created = container::creation_time(directory);
    const bool alive = container::is_alive(directory);
    const bool started = sys::find_at(AT_FDCWD, directory / "alive", O_PATH).has_value();
    for (const auto& container : containers) {
        if (container.config.pod == id) s.members.push_back(container);
    }
    s.status = pod_status(alive, started, s.members);
    return s;
}

}  // namespace

std::string pod_status(bool alive, bool started, const std::vector<container::Snapshot>& members) {
    const size_t all = members.size() + 1;
    const auto count = [&](auto... words) {
        return static_cast<size_t>(std::count_if(
            members.begin(), members.end(), [&](const auto& m) { return ((m.status == words) || ...); }));
    };
    const size_t running = count("running", "stopping", "restarting") + (alive ? 1 : 0);
    const size_t paused = count("paused");
    const size_t exited = count("exited") + (!alive && started ? 1 : 0);
    if (running == all) return "Running";
    if (!members.empty() && paused == members.size()) return "Paused";
    if (exited == all) return "Exited";
    if (running > 0)
        return members.empty() || running > 1 || paused > 0 || exited > 0 ? "Degraded" : "Running";
    if (exited > 0) return "Exited";
    return "Created";
}

PodSnapshot take_pod_snapshot(const store::Paths& paths, const std::string& id) {
    return take(paths, id, container::take_snapshots(paths));
}

std::vector<PodSnapshot> take_pod_snapshots(const store::Paths& paths) {
    const auto containers = container::take_snapshots(paths);
    std::vector<PodSnapshot> all;
    for (const auto& id : pod_ids(paths)) {
        try {
            all.push_back(take(paths, id, containers));
        } catch (const Error& e) {
            if (sys::find_at(AT_FDCWD, paths.pods() / id, O_PATH)) log::warn("pod {}: {}", id, e.what());
        }
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.created < b.created; });
    return all;
}

}  // namespace rpod::pod
