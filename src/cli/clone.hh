// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// `rpod container clone`.
std::vector<Command> clone_commands();

}  // namespace rpod::cli
