// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"
#include "cli/data.hh"

namespace rpod::cli {

/// `rpod info`, `rpod system info`, `rpod version`.
std::vector<Command> system_commands();

/// podman's versions, or docker's: {"Client": …, "Server": …}.
Data version_data(const Context& ctx);
/// One of them. @param api  the version of the interface
DataObject version_part(const Context& ctx);

/// What `info` shows: podman's keys, or docker's.
Data info_data(const Context& ctx);

/// An object as YAML: what podman's info prints.
std::string to_yaml(const Data& data);

}  // namespace rpod::cli
