// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "runtime/plan.hh"
#include "runtime/servers.hh"
#include "runtime/sync.hh"
#include "sys/fd.hh"
#include "sys/process.hh"

/// The parent side of a launch. It runs as the root of the session user namespace, in a mount namespace of
/// its own and with one thread: the monitor, or `oci run`. See runtime/sync.hh for the choreography and
/// runtime/init.hh for the other side.
namespace rpod::runtime {

/// A container that has been created: its first process waits for start(). Dropping this lets go of the
/// process, which then gives up if it was not started.
class Launched {
  public:
    int pidfd() const { return pidfd_.get(); }
    /// In the launcher's own PID namespace: its child.
    pid_t pid() const { return pid_; }
    /// As /proc of the host counts it.
    pid_t host_pid() const { return host_pid_; }
    /// The container's mount namespace: the first process lets nobody look at it before the payload runs.
    int mount_namespace() const { return mount_namespace_.get(); }
    /// To be told of every child of this process that ends before the container does.
    Servers& servers() { return *servers_; }

    /// Lets the first process execute the payload, and waits until it has and the poststart hooks have run.
    /// @throws Error with exit code 126 or 127 where the command cannot be executed; that of a hook
    void start();

    sys::Fd console;                   ///< master, for Stdio::terminal
    sys::Fd stdin_pipe;                ///< write end, for Stdio::pipes with stdin_open
    sys::Fd stdout_pipe, stderr_pipe;  ///< read ends, for Stdio::pipes

  private:
    friend class Launch;
    sys::Fd pidfd_;
    pid_t pid_ = -1;
    pid_t host_pid_ = -1;
    std::string command_;
    std::optional<LaunchSync> sync_;
    sys::Fd exec_report_;
    const HookPlan* hooks_ = nullptr;  ///< the plan's
    /// Kept until the exit code is delivered: the last one out of the mount namespace waits for the unmount
    /// of the overlay, which syncs a whole file system.
    sys::Fd mount_namespace_;
    std::unique_ptr<Servers> servers_ = std::make_unique<Servers>();
};

/// @param plan  stays where it is as long as the container lives: its descriptors are given to the processes
/// that serve that
/// @throws Error when any part of it fails; nothing of the container is left running then
Launched launch(LaunchPlan& plan);

}  // namespace rpod::runtime
