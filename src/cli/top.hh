// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// `rpod top`, `rpod container top`.
std::vector<Command> top_commands();

}  // namespace rpod::cli
