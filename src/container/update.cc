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
    // Nobody starts it between the record and the word to its monitor.
    const auto making = lock_container(paths.containers() / id);
    const auto config = change_record(paths, id, policy);
    // It reads the record: of two who change it at the same time, the later one is right.
    if (!is_idle(life_of(paths.containers() / id))) ask_monitor(paths, id, AttachKind::reload);
    note_event(paths, config, "update");
}

}  // namespace rpod::container
