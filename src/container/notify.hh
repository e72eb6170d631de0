// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>

#include "container/config.hh"
#include "runtime/plan.hh"
#include "store/paths.hh"
#include "sys/fd.hh"

/// What systemd hears of a container whose command runs in a service of Type=notify (sd_notify(3)): the
/// monitor's process ID as the main one, and when the container is ready.
namespace rpod::container {

/// Who says that it is ready (--sdnotify).
enum class NotifyMode {
    container,  ///< the container itself, by a socket of the monitor's
    conmon,     ///< the monitor, when the container has started
    healthy,    ///< the monitor, when its health check has succeeded
    ignore,     ///< nobody
};

/// The annotation that keeps what was typed.
constexpr const char* kNotifyAnnotation = "io.rpod.sdnotify";

/// @param text  as typed; empty: container. @throws Error
NotifyMode parse_notify_mode(const std::string& text);
/// What was typed for a container; empty: nothing.
std::string notify_mode_of(const ContainerConfig& config);

/// The monitor's part.
class Notifier {
  public:
    /// @param address  systemd's socket
    /// @param directory  for the socket that the container gets; empty: it gets none
    Notifier(NotifyMode mode, std::string address, std::filesystem::path directory);

    /// Makes the container's socket, before the container is launched.
    void listen();
    /// Readable when the container has said something; -1 where it cannot.
    int fd() const { return socket_.get(); }
    /// Then: passes on that it is ready, once for each start, and nothing else of what it says: it is not to
    /// tell systemd which process to kill, or that it need not be watched.
    void serve();
    /// The payload runs. @param monitor  this process, as /proc counts it
    void started(pid_t monitor);
    void healthy();

  private:
    void send(const std::string& message) const;
    void ready();

    NotifyMode mode_;
    std::string address_;
    std::filesystem::path directory_;
    sys::Fd socket_;
    bool ready_ = false;  ///< of this run
};

/// In the command: from its NOTIFY_SOCKET and the container's mode; under `container` the plan gets the mount
/// and the variable. Null where there is nobody to tell, or nothing to be told.
/// @throws Error where that cannot be done, or the container is to be healthy first and has no check
std::unique_ptr<Notifier> plan_notify(const store::Paths& paths, const ContainerConfig& config,
                                      bool has_health_check, runtime::LaunchPlan& plan);

}  // namespace rpod::container
