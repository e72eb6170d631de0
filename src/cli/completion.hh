// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// `rpod completion bash|zsh|fish`.
std::vector<Command> completion_commands();

}  // namespace rpod::cli
