// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// `rpod fuse-overlayfs`.
std::vector<Command> fuse_overlayfs_commands();

}  // namespace rpod::cli
