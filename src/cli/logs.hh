// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// `rpod logs`, `rpod container logs`.
std::vector<Command> logs_commands();

}  // namespace rpod::cli
