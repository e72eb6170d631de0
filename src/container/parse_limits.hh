// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "container/config.hh"

namespace rpod::container {

/// "NAME=SOFT[:HARD]", -1 for unlimited: the names of setrlimit(2) without RLIMIT_.
Ulimit parse_ulimit(std::string_view text);

/// "NAME=VALUE". Only sysctls that the kernel keeps for each IPC, network or UTS namespace are taken, spelled
/// in a strict set of characters: whoever splits the text again (CVE-2022-0811 did at '+') finds nothing to
/// split.
std::pair<std::string, std::string> parse_sysctl(std::string_view text);
/// Whether it belongs to a namespace that the container has to itself. @throws Error where the kernel keeps
/// it for no namespace
bool owns_sysctl(const ContainerConfig& config, const std::string& name);
/// @throws Error where a sysctl belongs to a namespace that the container shares with the host
void check_sysctls(const ContainerConfig& config);

/// "HOST[:CONTAINER][:PERMISSIONS]". Permissions are rw or rwm: without root nothing can enforce less than
/// the node's own.
Device parse_device(std::string_view text);

/// "<name|uid>[:<group|gid>]": numbers are at most 2^31 - 1, as everywhere in the field; names are looked up
/// later, in the container. @throws Error
void check_user(std::string_view text, std::string_view what);

/// An octal umask up to 0777.
uint32_t parse_umask(std::string_view text);

/// "NAME:IP" with several names separated by ';'; the IP may be "host-gateway". @return the text, checked
std::string parse_add_host(std::string_view text);

/// A name ("TERM", "SIGRTMIN+3", any case) or a number. @return the number
int parse_signal(std::string_view text);

}  // namespace rpod::container
