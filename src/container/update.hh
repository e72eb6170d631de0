// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>

#include "store/paths.hh"

namespace rpod::container {

/// Gives a container another restart policy: in its record, and at once where it runs.
/// @param policy  as --restart takes it
/// @throws Error for what is no policy, and for one with --rm
void update_restart(const store::Paths& paths, const std::string& id, const std::string& policy);

}  // namespace rpod::container
