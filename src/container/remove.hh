// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "store/paths.hh"

namespace rpod::container {

struct RemoveRequest {
    /// One that runs is stopped first: killed, or with `stop_seconds` asked to end for so long.
    bool force = false;
    std::optional<uint32_t> stop_seconds;
    bool anonymous_volumes = false;  ///< remove its anonymous volumes, too
};

/// Takes a container out of sight: its name is free, its ID unknown.
/// @throws Error with exit code 2 where it runs and force is not given (podman-rm(1))
void remove_container(const store::Paths& paths, const std::string& id, const RemoveRequest& request);

}  // namespace rpod::container
