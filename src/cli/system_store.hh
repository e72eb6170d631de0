// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// `rpod system check|df|migrate|prune|renumber|reset`: the store as a whole.
std::vector<Command> system_store_commands();

// One file each (system_df.cc, …).
Action define_system_df(CLI::App& flags, Context& ctx);
Action define_system_prune(CLI::App& flags, Context& ctx);
Action define_system_reset(CLI::App& flags, Context& ctx);
Action define_system_migrate(CLI::App& flags, Context& ctx);
Action define_system_renumber(CLI::App& flags, Context& ctx);
Action define_system_check(CLI::App& flags, Context& ctx);

}  // namespace rpod::cli
