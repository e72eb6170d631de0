// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/snapshot.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/log.hh"
#include "container/find.hh"
#include "sys/file.hh"

namespace rpod::container {

namespace {

/// @param alive  asked before: a container that ends from then on has its exit record when we look for it
Snapshot read_snapshot(const store::Paths& paths, const std::string& id, bool alive) {
    Snapshot s;
    s.id = id;
    s.directory = paths.containers() / id;
    s.alive = alive;
    const auto file = s.directory / "config.json";
    s.config = config_from_json(sys::read_file(file), file);
    s.created = creation_time(s.directory);
    const auto dir = sys::open_file(s.directory, O_PATH | O_DIRECTORY);
    s.state = read_state(dir.get(), id);
    s.exit = read_exit(dir.get(), id);
    // One that never ran has none.
    if (s.state) s.health = read_health(dir.get(), id);
    s.status = life_name(life_of(s.alive, s.state, s.exit));
    return s;
}

}  // namespace

Snapshot take_snapshot(const store::Paths& paths, const std::string& id) {
    const bool alive = is_alive(paths.containers() / id);
    return read_snapshot(paths, id, alive);
}

std::vector<Snapshot> take_snapshots(const store::Paths& paths, Which which) {
    std::vector<Snapshot> all;
    for (const auto& id : container_ids(paths)) {
        try {
            const bool alive = is_alive(paths.containers() / id);
            if (which == Which::alive && !alive) continue;
            all.push_back(read_snapshot(paths, id, alive));
        } catch (const Error& e) {
            const bool gone = !sys::find_at(AT_FDCWD, paths.containers() / id, O_PATH);
            if (!gone) log::warn("container {}: {}", id, e.what());
        }
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.created < b.created; });
    return all;
}

std::string latest_container(const store::Paths& paths) {
    if (auto id = newest_record(paths.containers())) return *std::move(id);
    throw Error("no containers found: no such container");
}

}  // namespace rpod::container
