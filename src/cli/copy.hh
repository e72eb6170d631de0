// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// cp, container cp.
std::vector<Command> copy_commands();

}  // namespace rpod::cli
