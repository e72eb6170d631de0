// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// `rpod rm`, `rpod container rm|exists`.
std::vector<Command> container_commands();

}  // namespace rpod::cli
