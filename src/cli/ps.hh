// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// `rpod ps`, `rpod container ls|list|ps`.
std::vector<Command> ps_commands();

}  // namespace rpod::cli
