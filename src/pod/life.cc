// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "pod/life.hh"

#include <fcntl.h>

#include <algorithm>
#include <csignal>
#include <mutex>
#include <thread>

#include "base/log.hh"
#include "container/control.hh"
#include "container/create.hh"
#include "container/record.hh"
#include "container/remove.hh"
#include "pod/events.hh"
#include "pod/record.hh"
#include "pod/start.hh"
#include "sys/file.hh"

namespace rpod::pod {
namespace {

using container::AttachKind;
using container::Life;

constexpr int kExitInUse = 2;

using Act = std::function<void(const std::string& member)>;

bool is_gone(const store::Paths& paths, const std::string& member) {
    return !sys::find_at(AT_FDCWD, paths.containers() / member, O_PATH);
}

/// Nothing where it is gone: one with --rm may go at any moment.
std::optional<Life> find_life(const store::Paths& paths, const std::string& member) {
    try {
        return container::life_of(paths.containers() / member);
    } catch (const Error&) {
        if (is_gone(paths, member)) return std::nullopt;
        throw;
    }
}

std::vector<std::string> members_where(const store::Paths& paths, const std::string& id,
                                       const std::function<bool(Life)>& wanted) {
    auto ids = member_ids(paths, id);
    std::erase_if(ids, [&](const std::string& member) {
        const auto life = find_life(paths, member);
        return !life || !wanted(*life);
    });
    return ids;
}

bool is_up(Life life) { return !container::is_idle(life); }
bool is_startable(Life life) { return container::is_idle(life) || life == Life::initialized; }
bool takes_signals(Life life) { return life == Life::running || life == Life::stopping; }
bool is_running(Life life) { return life == Life::running; }
bool is_paused(Life life) { return life == Life::paused; }

/// Does it for one, and does not mind that it is gone.
void try_one(const store::Paths& paths, const std::string& member, const Act& act,
             const std::function<void(const Error&)>& failed) {
    try {
        act(member);
    } catch (const Error& e) {
        if (!is_gone(paths, member)) failed(e);
    }
}

Failures for_each(const store::Paths& paths, const std::vector<std::string>& members, const Act& act) {
    Failures failures;
    for (const auto& member : members) {
        try_one(paths, member, act, [&](const Error& e) { failures.push_back({.id = member, .error = e}); });
    }
    return failures;
}

/// The longest of the waits, not their sum.
Failures at_once(const store::Paths& paths, const std::vector<std::string>& members, const Act& act) {
    Failures failures;
    std::mutex mutex;
    std::vector<std::thread> threads;
    for (const auto& member : members) {
        threads.emplace_back([&] {
            try_one(paths, member, act, [&](const Error& e) {
                const std::lock_guard lock(mutex);
                failures.push_back({.id = member, .error = e});
            });
        });
    }
    for (auto& thread : threads) thread.join();
    return failures;
}

bool is_sidecar(const container::ContainerConfig& config) {
    return !config.init_container.empty() && config.restart == "always";
}

void await_init_container(const store::Paths& paths, const container::ContainerConfig& config) {
    constexpr std::chrono::milliseconds kInterval(50);
    if (const int code = container::wait_for_exit(paths, config.id, kInterval); code != 0)
        throw Error("init container {} exited with code {}", config.name, code);
    if (config.init_container == "once")
        container::remove_container(paths, config.id, {.force = true, .anonymous_volumes = true});
}

/// Asks the monitor, which serves nobody any more, to end. One that cannot be asked is killed.
void end_monitor(const store::Paths& paths, const std::string& id) {
    const auto directory = paths.pods() / id;
    if (!container::is_alive(directory)) return;
    const auto monitor = container::connect_control(paths, id);
    if (!monitor) return container::kill_monitor(directory);
    monitor->send(AttachKind::stop);
    monitor->expect(AttachKind::done);
    container::wait_for_monitor(directory);
}

Failures start_members(const store::Paths& paths, const std::string& id) {
    // One with --rm that died with a monitor has nothing that could be started.
    container::sweep_containers(paths);
    start_empty(paths, id);
    const auto start = [&](const std::string& member) {
        container::start_container(paths, member, {.attached = false}, start_in_place);
    };
    std::vector<std::string> others;
    for (const auto& member : members_where(paths, id, is_startable)) {
        const auto config = container::read_config(paths.containers() / member);
        if (config.init_container.empty()) {
            others.push_back(member);
            continue;
        }
        auto failures = for_each(paths, {member}, [&](const std::string&) {
            start(member);
            if (!is_sidecar(config)) await_init_container(paths, config);
        });
        // What the others need is not there.
        if (!failures.empty()) return failures;
    }
    return for_each(paths, others, start);
}

/// What was done to all of them was done to the pod.
Failures noted(const store::Paths& paths, const std::string& id, std::string_view status, Failures failures) {
    if (failures.empty()) note_event_of(paths, id, status);
    return failures;
}

}  // namespace

Failures start_pod(const store::Paths& paths, const std::string& id) {
    return noted(paths, id, "start", start_members(paths, id));
}

Failures stop_pod(const store::Paths& paths, const std::string& id, std::optional<uint32_t> seconds) {
    auto members = members_where(paths, id, is_up);
    const auto sidecars = std::stable_partition(members.begin(), members.end(), [&](const auto& member) {
        return !is_sidecar(container::read_config(paths.containers() / member));
    });
    const auto stop = [&](const std::string& member) {
        container::stop_container(paths, member, seconds);
        container::wait_for_monitor(paths.containers() / member);
    };
    auto failures = at_once(paths, {members.begin(), sidecars}, stop);
    for (auto& failure : at_once(paths, {sidecars, members.end()}, stop))
        failures.push_back(std::move(failure));
    if (failures.empty()) end_monitor(paths, id);
    return noted(paths, id, "stop", std::move(failures));
}

Failures kill_pod(const store::Paths& paths, const std::string& id, int signal) {
    if (!container::is_alive(paths.pods() / id)) throw Error("pod {} is not running: pod state improper", id);
    if (signal == SIGKILL) {
        container::kill_monitor(paths.pods() / id);
        return noted(paths, id, "kill", {});
    }
    auto failures = for_each(paths, members_where(paths, id, takes_signals), [&](const std::string& member) {
        container::kill_container(paths, member, signal);
    });
    return noted(paths, id, "kill", std::move(failures));
}

Failures pause_pod(const store::Paths& paths, const std::string& id) {
    auto failures = for_each(paths, members_where(paths, id, is_running),
                             [&](const std::string& member) { container::pause_container(paths, member); });
    return noted(paths, id, "pause", std::move(failures));
}

Failures unpause_pod(const store::Paths& paths, const std::string& id) {
    auto failures = for_each(paths, members_where(paths, id, is_paused),
                             [&](const std::string& member) { container::unpause_container(paths, member); });
    return noted(paths, id, "unpause", std::move(failures));
}

void remove_pod(const store::Paths& paths, const std::string& id, const RemovePodRequest& request) {
    const auto up = members_where(paths, id, is_up);
    if (!up.empty() && !request.force) {
        throw Error(
            "pod {} has containers that are running or paused, e.g. {}: such a pod cannot be removed without "
            "force: container state improper",
            id, up.front())
            .with_exit_code(kExitInUse);
    }
    if (!up.empty()) {
        for (const auto& failure : stop_pod(paths, id, request.stop_seconds))
            log::debug("stop {}: {}", failure.id, failure.error.what());
    }
    const auto lock = lock_pod(paths, id);
    // Whatever could not be stopped, and the monitor itself.
    container::kill_monitor(paths.pods() / id);
    const auto failures = for_each(paths, member_ids(paths, id), [&](const std::string& member) {
        container::remove_container(paths, member, {.force = true, .anonymous_volumes = true});
    });
    if (!failures.empty()) throw failures.front().error;
    container::sweep_containers(paths);
    discard_pod(paths, id);
}

}  // namespace rpod::pod
