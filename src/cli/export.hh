// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// `rpod export`, `rpod container export`, `rpod volume export`, `rpod volume import`.
std::vector<Command> export_commands();

}  // namespace rpod::cli
