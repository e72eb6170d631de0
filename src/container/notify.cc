// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/notify.hh"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "container/enum_names.hh"
#include "container/set_variable.hh"
#include "sys/datagram.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

constexpr EnumNames<NotifyMode, 4> kModes{{{NotifyMode::container, "container"},
                                           {NotifyMode::conmon, "conmon"},
                                           {NotifyMode::healthy, "healthy"},
                                           {NotifyMode::ignore, "ignore"}}};

constexpr const char* kSocket = "notify.sock";
/// Where the container finds it; as crun and runc have it.
constexpr const char* kMountPoint = "/run/notify";
constexpr const char* kReady = "READY=1";
constexpr size_t kMaxMessage = 4096;
/// Messages in one turn of the poll loop: a container that never stops sending must not have the monitor for
/// itself.
constexpr int kMaxMessages = 32;

bool says_ready(std::string_view message) {
    const auto lines = split(message, '\n');
    return std::find(lines.begin(), lines.end(), kReady) != lines.end();
}

}  // namespace

NotifyMode parse_notify_mode(const std::string& text) {
    if (text.empty()) return NotifyMode::container;
    for (const auto& [mode, name] : kModes) {
        if (text == name) return mode;
    }
    throw Error("invalid sdnotify value \"{}\": must be container, conmon, healthy or ignore",
                printable(text));
}

std::string notify_mode_of(const ContainerConfig& config) {
    const auto found = config.annotations.find(kNotifyAnnotation);
    return found == config.annotations.end() ? std::string() : found->second;
}

Notifier::Notifier(NotifyMode mode, std::string address, std::filesystem::path directory)
    : mode_(mode), address_(std::move(address)), directory_(std::move(directory)) {}

void Notifier::listen() {
    if (directory_.empty()) return;
    sys::make_dirs(directory_, 0755);
    socket_ = sys::receive_datagrams_at(sys::open_file(directory_, O_PATH | O_DIRECTORY).get(), kSocket);
}

void Notifier::serve() {
    for (int n = 0; n < kMaxMessages; ++n) {
        const auto message = sys::next_datagram(socket_.get(), kMaxMessage);
        if (!message) return;
        if (says_ready(*message)) ready();
    }
}

void Notifier::started(pid_t monitor) {
    ready_ = mode_ == NotifyMode::conmon;
    send(fmt::format("MAINPID={}{}", monitor, ready_ ? "\nREADY=1" : ""));
}

void Notifier::healthy() {
    if (mode_ == NotifyMode::healthy) ready();
}

void Notifier::ready() {
    if (!std::exchange(ready_, true)) send(kReady);
}

void Notifier::send(const std::string& message) const {
    try {
        sys::send_datagram(address_, message);
    } catch (const Error& e) {
        log::warn("tell systemd: {}", e.what());
    }
}

std::unique_ptr<Notifier> plan_notify(const store::Paths& paths, const ContainerConfig& config,
                                      bool has_health_check, runtime::LaunchPlan& plan) {
    const auto mode = parse_notify_mode(notify_mode_of(config));
    const char* address = std::getenv("NOTIFY_SOCKET");
    if (mode == NotifyMode::ignore || !address || !*address) return nullptr;
    if (*address != '/' && *address != '@')
        throw Error("NOTIFY_SOCKET '{}': only sockets of this machine are supported", printable(address));
    if (mode == NotifyMode::healthy && !has_health_check)
        throw Error("sdnotify policy \"healthy\" requires a healthcheck to be set");
    if (mode != NotifyMode::container) return std::make_unique<Notifier>(mode, address, "");
    auto directory = paths.run() / config.id / "notify";
    // The mount's source must be there when it is looked for.
    sys::make_dirs(directory, 0755);
    oci::Mount mount;
    mount.destination = kMountPoint;
    mount.type = "bind";
    mount.source = directory;
    mount.options = {"rbind", "rprivate", "ro", "nosuid", "nodev", "noexec"};
    plan.spec.mounts.push_back(std::move(mount));
    set_variable(plan.spec.process.env, "NOTIFY_SOCKET", fmt::format("{}/{}", kMountPoint, kSocket));
    return std::make_unique<Notifier>(mode, address, std::move(directory));
}

}  // namespace rpod::container
