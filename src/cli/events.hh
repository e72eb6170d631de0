// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// `rpod events`, `rpod system events`.
std::vector<Command> event_commands();

}  // namespace rpod::cli
