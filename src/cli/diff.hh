// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// diff, container diff, image diff.
std::vector<Command> diff_commands();

}  // namespace rpod::cli
