// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>

#include "container/attach.hh"
#include "sys/process.hh"

namespace rpod::container {

/// Which streams of the command are connected with the container's.
struct AttachStreams {
    bool in = false;
    bool out = true;
    bool err = true;
};

struct AttachOptions {
    AttachStreams streams;
    bool tty = false;  ///< the container has a terminal; the command's own goes into raw mode where it is one
    /// Signals that the command gets are passed on; else they do to it what they do.
    bool sig_proxy = true;
    std::string detach_keys;  ///< of a terminal; empty: none
};

/// The command's side of an attached container, from `start` to its end: streams both ways, window size,
/// signals. Returns when the container has ended and all of its output is written, or nothing when the user
/// typed the detach keys.
/// @throws Error that the start failed with; Error where the monitor died
std::optional<sys::ExitStatus> start_attached(const ClientEnd& monitor, const AttachOptions& options);
/// The same for a container that runs already, by its control socket.
std::optional<sys::ExitStatus> attach_running(const ClientEnd& monitor, const AttachOptions& options);

}  // namespace rpod::container
