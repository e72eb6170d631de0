// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>

#include "runtime/exec.hh"
#include "sys/process.hh"

namespace rpod::container {

/// The command's side of a process that it executed in a container: streams both ways, window size, signals
/// (each that the command gets is passed on). Returns when the process has ended and all of its output is
/// written.
/// @param interactive  our standard input is connected
/// @param detach_keys  with a terminal; see DetachKeys
/// @return nothing where the user left with the detach keys: the process goes on
std::optional<sys::ExitStatus> follow(runtime::Executed& process, bool interactive,
                                      const std::string& detach_keys);

/// Forks a process that takes the terminal's output until it ends: without a reader a terminal hangs up.
void leave_terminal_open(runtime::Executed& process);

}  // namespace rpod::container
