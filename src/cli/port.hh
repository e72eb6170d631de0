// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// `rpod port`, `rpod port add`, `rpod port rm`, `rpod container port`.
std::vector<Command> port_commands();

}  // namespace rpod::cli
