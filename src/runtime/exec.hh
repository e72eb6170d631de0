// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "oci/runtime_spec.hh"
#include "runtime/plan.hh"
#include "runtime/sync.hh"
#include "sys/channel.hh"
#include "sys/fd.hh"
#include "sys/process.hh"

/// One more process in a container that runs. How it gets there:
///
///     rpod exec (the command)            rpod:exec, the joiner            the process
///       opens all namespaces ──────────▶ a session of its own, stdio
///                                        joins U, becomes its root
///                                        non-dumpable, joins PID ────────▶ joins the other namespaces, then
///                                        P
///       ◀─────── forked {pidfd} ───────                                    looks up the user, opens the
///       terminal ◀───────────────── console {master}, ready ──────────────────────
///                                                                          drops privileges, executes
///       ◀── EOF of the exec pipe: it runs; an errno on it: it could not be executed
///       ◀── ended {exit status} ──────── waits for it
///
/// The joiner stays in the host's PID namespace, where the container cannot see it, and reaps at once,
/// whatever the command does (a stopped one would keep the container's PID namespace from ending). The
/// process is not dumpable from before its birth in the container until it has become the stub
/// (CVE-2016-9962).
namespace rpod::runtime {

/// The namespaces of a running container, as descriptors: they stay those of this container whatever becomes
/// of its process IDs.
struct ExecTarget {
    sys::Fd session;  ///< U; none where the caller lives in it
    sys::Fd pid;      ///< none where the container has the caller's
    struct Other {
        int flag;
        sys::Fd fd;
    };
    std::vector<Other> others;  ///< neither user nor PID, and not the caller's own
    sys::Fd user;               ///< P
    bool maps_root_user = true;
    bool maps_root_group = true;
    bool single_group = false;
};

/// @param init     the container's first process, as its records have it
/// @param monitor  the living monitor, whose child that must be: process IDs are used again
/// @throws Error where `init` is no child of the monitor, or gone
ExecTarget open_exec_target(pid_t init, pid_t monitor);

enum class ExecStdio {
    pipes,     ///< pipes whose other ends the caller gets
    terminal,  ///< a pseudo terminal of the container, whose master the caller gets
    none       ///< /dev/null
};

struct ExecPlan {
    oci::Process process;
    /// Given by the caller, not taken from the container's spec: what belongs to the spec's user
    /// (capabilities) is not theirs then.
    bool other_user = false;
    bool keep_groups = false;
    SeccompFilter seccomp;
    ExecStdio stdio = ExecStdio::pipes;
    bool stdin_open = false;         ///< pipes: standard input is a pipe, not /dev/null
    std::vector<int> preserved_fds;  ///< ascending, from 3 on
    bool activated = false;          ///< they begin with sockets of systemd's (Payload)
    /// Told of the process as soon as there is one that can be killed, long before it runs; may be empty.
    std::function<void(int pidfd)> on_forked;
    /// Where it is killed by SIGKILL, what is in its process group goes, too.
    bool ends_as_group = false;
};

/// A process that was executed in a container.
class Executed {
  public:
    int pidfd() const { return pidfd_.get(); }
    /// Readable once take_status() does not wait.
    int status_fd() const { return joiner_->fd(); }
    /// Waits for the process's end. @throws Error where the joiner was killed
    sys::ExitStatus take_status();

    sys::Fd console;                   ///< master, for ExecStdio::terminal
    sys::Fd stdin_pipe;                ///< write end, for ExecStdio::pipes with stdin_open
    sys::Fd stdout_pipe, stderr_pipe;  ///< read ends, for ExecStdio::pipes

  private:
    friend Executed execute_in(ExecTarget target, const ExecPlan& plan);
    pid_t joiner_pid_ = -1;
    sys::Fd pidfd_;
    std::optional<sys::Channel> joiner_;
};

/// Returns when the payload runs. Dropping the result leaves it running.
/// @throws Error with exit code 126 or 127 where the command cannot be executed
Executed execute_in(ExecTarget target, const ExecPlan& plan);

/// The other sides, one function each
/// ----------------------------------

struct ExecDescriptors {
    sys::Fd exec_report;  ///< write end
    sys::Fd stub;
    std::array<sys::Fd, 3> streams;  ///< for ExecStdio::pipes
};

enum class ExecStage : uint32_t { forked = 1, ended, failed };

/// The joiner's body (exec_joiner.cc). @return its exit code
int run_exec_joiner(ExecTarget& target, const ExecPlan& plan, ExecDescriptors& own,
                    const sys::Channel& command, const InitSync& sync);
/// The process's body (exec_child.cc). @return only where it failed; that has been told through sync
int run_exec_child(ExecTarget& target, const ExecPlan& plan, ExecDescriptors& own, const InitSync& sync);

}  // namespace rpod::runtime
