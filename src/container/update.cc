// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/update.hh"

#include "base/error.hh"
#include "container/control.hh"
#include "container/create.hh"
#include "container/events.hh"
#include "container/restart_policy.hh"
#include "store/lock.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

/// As all that changes the record: under the exclusive store lock.
ContainerConfig change_record(const store::Paths& paths, const std::string& id, const std::string& policy) {
    const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
    const auto directory = paths.containers() / id;
    auto config = read_config(directory);
    config.restart = policy == "no" ? std::string() : policy;
    if (config.remove && !config.restart.empty()) {
        throw Error(
            "the --rm option conflicts with --restart, when the restartPolicy is not \"\" and \"no\"");
    }
    sys::replace_file(directory / "config.json", to_json(config));
    return config;
}

}  // namespace

void update_restart(const store::Paths& paths, const std::string& id, const std::string& policy) {
    parse_restart_policy(policy);
    const auto config = change_record(paths, id, policy);
    if (!is_idle(life_of(paths.containers() / id))) {
        const auto monitor = connect_control(paths, id);
        if (!monitor) throw no_control(id);
        // It reads the record: of two who change it at the same time, the later one is right.
        monitor->send(AttachKind::reload);
        monitor->expect(AttachKind::done);
    }
    note_event(paths, config, "update");
}

}  // namespace rpod::container
