// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>

#include "container/config.hh"
#include "container/exec.hh"
#include "runtime/exec.hh"
#include "store/paths.hh"

namespace rpod::container {

/// How a further process of a container comes about: the container's own process, changed as asked. Reads
/// spec.json.
/// @param directory  containers/ID
runtime::ExecPlan make_exec_plan(const store::Paths& paths, const std::filesystem::path& directory,
                                 const ContainerConfig& config, const ExecRequest& request);

}  // namespace rpod::container
