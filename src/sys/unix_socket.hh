// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>

#include "sys/channel.hh"
#include "sys/fd.hh"

/// Named sockets (AF_UNIX, SOCK_SEQPACKET) in directories of our own. They are reached through a descriptor
/// of the directory and /proc/self/fd, because a path in sun_path ends at 108 bytes; never in the abstract
/// name space, which every process of the network namespace can reach (CVE-2020-15257).
namespace rpod::sys {

/// Makes the socket `name` (mode 0600), in the place of one that is left over. Non-blocking.
/// @param dir  O_PATH is enough
Fd listen_at(int dir, const std::string& name);
/// The next client that waits and runs as our own user; nothing where there is none.
std::optional<Channel> accept_own(int listener);
/// Nothing where nobody listens there. @throws SysError
std::optional<Channel> connect_at(int dir, const std::string& name);

}  // namespace rpod::sys
