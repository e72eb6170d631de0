// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/control.hh"

#include <fcntl.h>

#include <csignal>
#include <thread>

#include "base/log.hh"
#include "sys/file.hh"
#include "sys/process.hh"
#include "sys/unix_socket.hh"

namespace rpod::container {
namespace {

/// Waits for the `exited` that was asked for; nothing where the monitor dies first.
std::optional<sys::ExitStatus> wait_for_exited(const ClientEnd& monitor) {
    try {
        for (;;) {
            const auto message = monitor.receive();
            if (message.kind == AttachKind::failed) throw parse_failure(message.text);
            if (message.kind == AttachKind::exited) return parse_exit(message.text);
        }
    } catch (const MonitorGone&) {
        return std::nullopt;
    }
}

}  // namespace

std::optional<ClientEnd> connect_control(const store::Paths& paths, const std::string& id) {
    const auto dir = sys::find_at(AT_FDCWD, paths.run() / id, O_PATH | O_DIRECTORY);
    if (!dir) return std::nullopt;
    auto channel = sys::connect_at(dir->get(), kControlSocket);
    if (!channel) return std::nullopt;
    return ClientEnd(std::move(*channel));
}

Error no_control(const std::string& id) {
    return Error("reach the monitor of container {}: its socket in the runtime directory is gone", id)
        .with_hint(
            "the runtime directory was emptied, by a logout perhaps, or is another one than when it was "
            "started (XDG_RUNTIME_DIR, --runroot); rpod rm -f and rpod stop work all the same");
}

ClientEnd reach_control(const store::Paths& paths, const std::string& id) {
    auto monitor = connect_control(paths, id);
    if (!monitor) throw no_control(id);
    return *std::move(monitor);
}

std::string ask_monitor(const store::Paths& paths, const std::string& id, AttachKind what,
                        std::string_view text) {
    const auto monitor = reach_control(paths, id);
    monitor.send(what, text);
    return monitor.expect(AttachKind::done);
}

void stop_container(const store::Paths& paths, const std::string& id, std::optional<uint32_t> seconds) {
    const auto directory = paths.containers() / id;
    const auto life = life_of(directory);
    if (is_idle(life)) return;
    const auto monitor = connect_control(paths, id);
    if (!monitor) {
        log::warn("container {}: its monitor cannot be asked to stop it, and is killed", id);
        return end_container(paths, id);
    }
    monitor->send(AttachKind::stop, seconds ? std::to_string(*seconds) : std::string());
    wait_for_exited(*monitor);
}

void kill_container(const store::Paths& paths, const std::string& id, int signal) {
    const auto life = life_of(paths.containers() / id);
    if (life != Life::running && life != Life::paused && life != Life::stopping) {
        throw Error("can only kill running containers. {} is in state {}: container state improper", id,
                    life_name(life));
    }
    ask_monitor(paths, id, AttachKind::kill, std::to_string(signal));
}

void pause_container(const store::Paths& paths, const std::string& id) {
    if (life_of(paths.containers() / id) != Life::running)
        throw Error("\"{}\" is not running, can't pause: container state improper", id);
    ask_monitor(paths, id, AttachKind::pause);
}

void unpause_container(const store::Paths& paths, const std::string& id) {
    if (life_of(paths.containers() / id) != Life::paused)
        throw Error("\"{}\" is not paused, can't unpause: container state improper", id);
    ask_monitor(paths, id, AttachKind::unpause);
}

std::string check_health(const store::Paths& paths, const std::string& id) {
    const auto life = life_of(paths.containers() / id);
    if (life != Life::running) throw Error("container {} is not running", id);
    return ask_monitor(paths, id, AttachKind::check_health);
}

int wait_for_exit(const store::Paths& paths, const std::string& id, std::chrono::milliseconds interval) {
    const auto directory = paths.containers() / id;
    const auto record = sys::open_file(directory, O_PATH | O_DIRECTORY);
    // What a killed monitor could not record.
    constexpr int unknown = 128 + SIGKILL;
    const auto recorded = [&] {
        const auto exit = read_exit(record.get(), id);
        return exit ? exit->status.shell_code() : unknown;
    };
    for (;;) {
        // First, so that an end after this is told to us, also that of a container that goes with it.
        if (const auto monitor = connect_control(paths, id)) {
            monitor->send(AttachKind::watch);
            if (const auto status = wait_for_exited(*monitor)) return status->shell_code();
        }
        if (!sys::find_at(AT_FDCWD, directory, O_PATH)) return recorded();
        if (life_of(directory) == Life::exited) return recorded();
        std::this_thread::sleep_for(interval);
    }
}

void kill_monitor(const std::filesystem::path& directory) {
    const auto alive = sys::find_at(AT_FDCWD, directory / "alive", O_RDWR);
    if (!alive) return;
    const auto monitor = sys::lock_holder(alive->get());
    if (monitor) {
        if (*monitor == 0) {
            throw Error("kill the monitor of '{}': it runs in another PID namespace",
                        directory.filename().native());
        }
        const auto pidfd = sys::open_pidfd(*monitor);
        // Still the same process: the lock is its.
        if (sys::lock_holder(alive->get()) == monitor) {
            sys::send_signal(pidfd.get(), SIGKILL);
            sys::wait_for_end(pidfd.get());
        }
        sys::lock(alive->get(), sys::LockKind::exclusive);
    }
    wait_for_monitor(directory);
}

void end_container(const store::Paths& paths, const std::string& id) {
    const auto directory = paths.containers() / id;
    const auto state = read_state(directory);
    if (!state || state->pod.empty()) return kill_monitor(directory);
    if (const auto monitor = connect_control(paths, id)) {
        if (life_of(directory) == Life::paused) {
            monitor->send(AttachKind::watch);
            monitor->send(AttachKind::kill, std::to_string(SIGKILL));
        } else {
            monitor->send(AttachKind::stop, "0");
        }
        wait_for_exited(*monitor);
    } else if (is_alive(directory)) {
        throw no_control(id);
    }
    wait_for_monitor(directory);
}

}  // namespace rpod::container
