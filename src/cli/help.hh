// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// `rpod --help`, `rpod image --help`: the commands of a group ("" for the top), then the group's flags.
std::string group_help(std::string_view program, std::string_view group, const std::vector<Command>& commands,
                       const CLI::App& flags);

/// `rpod load --help`.
std::string command_help(std::string_view program, const Command& command, const CLI::App& flags);

}  // namespace rpod::cli
