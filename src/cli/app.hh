// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// Parses the command line (without argv[0]), runs the command and reports its failure on ctx.err: "Error:
/// …", then "hint: …" where a fix is known. Never throws. @return the exit code
int run(const Args& args, Context& ctx, const std::vector<Command>& commands);

/// All commands of rpod.
std::vector<Command> all_commands();

/// Null where there is none of the name: "load", "image ls".
const Command* find_command(const std::vector<Command>& commands, std::string_view name);

}  // namespace rpod::cli
