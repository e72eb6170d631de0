// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <vector>

#include "cli/command.hh"
#include "cli/data.hh"
#include "container/network_store.hh"

namespace rpod::cli {

/// `rpod network …`
std::vector<Command> network_commands();

Action define_network_create(CLI::App& flags, Context& ctx);
Action define_network_connect(CLI::App& flags, Context& ctx);
Action define_network_disconnect(CLI::App& flags, Context& ctx);

/// @throws Error in podman's words where there is none
container::Network require_network(const store::Paths& paths, const std::string& name);

}  // namespace rpod::cli
