// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// `kill`, `pause` and `unpause`.
std::vector<Command> signal_pause_commands();

}  // namespace rpod::cli
