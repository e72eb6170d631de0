// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/snapshot.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/log.hh"
#include "container/find.hh"
#include "sys/file.hh"

namespace rpod::container {

Snapshot take_snapshot(const store::Paths& paths, const std::string& id) {
    Snapshot s;
    s.id = id;
    s.directory = paths.containers() / id;
    // The lock first: a container that ends from here on has its exit record when we look for it.
    s.alive = is_alive(s.directory);
    const auto file = s.directory / "config.json";
    s.config = config_from_json(sys::read_file(file), file);
    s.created = creation_time(s.directory);
    s.state = read_state(s.directory);
    s.exit = read_exit(s.directory);
    s.health = read_health(s.directory);
    s.status = life_name(life_of(s.alive, s.state, s.exit));
    return s;
}

std::vector<Snapshot> take_snapshots(const store::Paths& paths, Which which) {
    std::vector<Snapshot> all;
    for (const auto& id : container_ids(paths)) {
        if (which == Which::alive && !is_alive(paths.containers() / id)) continue;
        try {
            all.push_back(take_snapshot(paths, id));
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
