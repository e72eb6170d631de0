// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "sys/fd.hh"

/// Sockets for single messages (AF_UNIX, SOCK_DGRAM), as sd_notify(3) uses them.
namespace rpod::sys {

/// Makes the socket `name`, which everybody who reaches it may write to, in the place of one that is left
/// over. Non-blocking. @param dir  O_PATH is enough
Fd receive_datagrams_at(int dir, const std::string& name);
/// The next message, cut to max_bytes, without the descriptors that came with it; nothing where none waits.
std::optional<std::string> next_datagram(int socket, size_t max_bytes);
/// Sends one message to a path or, with '@' in front, an abstract name, without waiting. @throws SysError;
/// Error for an address that is neither
void send_datagram(const std::string& address, std::string_view message);

}  // namespace rpod::sys
