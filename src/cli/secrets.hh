// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// `rpod secret create|exists|inspect|ls|list|rm`.
std::vector<Command> secret_commands();

}  // namespace rpod::cli
