// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// `rpod oci …`: rpod as an OCI runtime.
std::vector<Command> oci_commands();

}  // namespace rpod::cli
