// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sys/fd.hh"

/// The program that stands between rpod and the payload (init_stub/stub.cc says why).
namespace rpod::runtime {

enum class StubMode {
    exec,  ///< becomes the payload
    reap   ///< stays as PID 1: runs the payload as its child, forwards signals, reaps, leaves with its exit
           ///< code
};

/// The stub in a sealed memory file that nobody can write to. Made on the host's side, executed in the
/// container.
/// @throws Error, with a hint where the kernel is configured to refuse executable memory files
sys::Fd make_stub();

/// Executes the payload by way of the stub, which inherits the calling process's descriptors that are not
/// CLOEXEC, signal mask (exec) and everything else.
/// @param report_fd  the writing end of a pipe whose other end reads read_exec_report(); stays open until the
/// payload
///                   runs, whatever its CLOEXEC flag
/// @param path       of the payload, in the container
/// @throws Error where the stub could not be started; 126 where the payload's arguments are what is wrong
[[noreturn]] void exec_stub(StubMode mode, int stub_fd, int report_fd, const std::string& path,
                            const std::vector<std::string>& args, const std::vector<std::string>& env);

/// Becomes the PID 1 of a pod's PID namespace: runs nothing, and reaps until it is killed. Needs no file but
/// the stub. @throws Error
[[noreturn]] void exec_reaper(int stub_fd);

/// Waits until the payload runs (or its process is gone): nothing; or until it could not be executed: its
/// errno.
std::optional<int> read_exec_report(int report_fd);

/// How the payload's failed execve is told: 127 where there is no such file, else 126.
int exec_failure_code(int err) noexcept;

}  // namespace rpod::runtime
