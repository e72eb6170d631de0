// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/paths.hh"

namespace rpod::container {

struct Found {
    std::string id;
};

/// The IDs of all containers.
std::vector<std::string> container_ids(const store::Paths& paths);

/// By name, ID or the front of an ID; nothing where there is none. @throws Error where several fit
std::optional<std::string> lookup_container(const store::Paths& paths, const std::string& name_or_id);
/// As lookup_container. @throws Error "no container with name or ID …" or where several fit
Found find_container(const store::Paths& paths, const std::string& name_or_id);

}  // namespace rpod::container
