// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// commit, container commit.
std::vector<Command> commit_commands();

}  // namespace rpod::cli
