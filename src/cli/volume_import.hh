// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "cli/command.hh"

namespace rpod::cli {

/// volume import.
Command volume_import_command();

}  // namespace rpod::cli
