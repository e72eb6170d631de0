// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <vector>

#include "store/paths.hh"

namespace rpod::container {

/// Takes a container out of sight: its name is free, its ID unknown.
/// @param force  one that runs is killed first, by way of its monitor: the kernel ends all that lives below
/// that
/// @throws Error with exit code 1 where there is none, 2 where it runs and force is not given (podman-rm(1))
void remove_container(const store::Paths& paths, const std::string& name_or_id, bool force);

}  // namespace rpod::container
