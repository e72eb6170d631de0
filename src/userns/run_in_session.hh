// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <string>

#include "sys/channel.hh"
#include "userns/launcher.hh"

namespace rpod::userns {

/// Runs body as root of the session user namespace, in a child of this process, and waits for its end.
/// @param who  names the child in the error for one that dies: "the process that …"
/// @param body  gets the child's end of a channel, which is at its end when the caller is gone; what it
/// throws becomes the error here. It returns the child's exit code
/// @throws Error with the message of what body throws; where the child ends otherwise with another code than
/// 0
void run_in_session(const SessionFiles& files, const SpawnOptions& options, const std::string& who,
                    const std::function<int(const sys::Channel& caller)>& body);

}  // namespace rpod::userns
