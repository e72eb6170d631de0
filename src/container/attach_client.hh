// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "container/attach.hh"
#include "sys/process.hh"

namespace rpod::container {

/// Which streams of the command are connected with the container's.
struct AttachStreams {
    bool in = false;
    bool out = true;
    bool err = true;
};

/// The command's side of an attached container, from `start` to its end: streams both ways, window size,
/// signals. Returns when the container has ended and all of its output is written.
/// @param tty  the container has a terminal; the command's own goes into raw mode where it is one
/// @param sig_proxy  signals that the command gets are passed on; else they do to it what they do
/// @throws Error that the start failed with; Error where the monitor died
sys::ExitStatus start_attached(const ClientEnd& monitor, AttachStreams streams, bool tty, bool sig_proxy);

}  // namespace rpod::container
