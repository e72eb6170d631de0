// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "container/config.hh"
#include "container/mount.hh"
#include "store/paths.hh"

/// Volumes: volumes/NAME/_data, with volume.json beside it.
///
///     {"version":1,"name":"db","anonymous":false,"created":"2026-01-02T03:04:05.678901234Z"}
namespace rpod::container {

/// Finds or makes the volume of each VolumeMount. Anonymous ones get random names, which are noted in the
/// container's directory (the file "anonymous-volumes", one to a line): it has the same ones when it starts
/// again, and they can go with it.
/// @return the directory of each, by its destination
std::map<std::string, std::string> prepare_volumes(const store::Paths& paths,
                                                   const std::vector<Mount>& mounts,
                                                   const std::filesystem::path& container_directory);

/// A container that is about to be removed leaves its anonymous volumes behind.
void keep_anonymous_volumes(const std::filesystem::path& container_directory);

/// Removes the anonymous volumes of a container with their content. Runs as the session's root: they hold
/// subordinate IDs. One that is gone already is fine.
void remove_anonymous_volumes(const store::Paths& paths, const std::filesystem::path& container_directory);

}  // namespace rpod::container
