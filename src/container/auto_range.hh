// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>

#include "container/config.hh"
#include "store/paths.hh"
#include "userns/pod_map.hh"

namespace rpod::container {

/// --userns=auto: a run of subordinate IDs that no other container has, noted in the container's directory
/// (the file "auto-range": "FIRST SIZE") for as long as that exists. 1024 IDs where no size is asked for,
/// podman's least.
/// @throws Error where there is no such run left
userns::MapRange claim_range(const store::Paths& paths, const UsernsConfig& userns,
                             const std::filesystem::path& directory);

}  // namespace rpod::container
