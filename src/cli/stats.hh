// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// `rpod stats`, `rpod container stats`.
std::vector<Command> stats_commands();

}  // namespace rpod::cli
