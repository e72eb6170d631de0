// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// `rpod mount`, `rpod unmount` and their other names.
std::vector<Command> mount_commands();

}  // namespace rpod::cli
