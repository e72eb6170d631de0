// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "container/start.hh"

namespace rpod::container {

/// Makes a container (`rpod create`). @param config  gets its ID, and a name where it has none
/// @param replace  one of the same name is removed first
void create_container(const store::Paths& paths, ContainerConfig& config, bool replace);

/// Makes a container and runs it (`rpod run`).
/// @param config  gets its ID, its name, and the environment that the command adds
/// @param starter  as for start_container
/// @return its exit, nothing where it runs on
/// @throws Error, with the exit code that `run` ends with; nothing of the container is left then
std::optional<sys::ExitStatus> run_container(const store::Paths& paths, ContainerConfig& config, bool replace,
                                             const StartRequest& request, const Starter& starter);

}  // namespace rpod::container
