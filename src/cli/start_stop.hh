// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// `start`, `stop`, `restart` and `attach`.
std::vector<Command> start_stop_commands();

}  // namespace rpod::cli
