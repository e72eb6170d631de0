// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "container/record.hh"
#include "runtime/exec.hh"

namespace rpod::container {

/// The namespaces of a container's first process, to be entered.
/// @param suits  whether a container that is recorded so is meant; may throw
/// @return nothing where its monitor does not live, it does not suit, or it ended while we looked
/// @throws Error where it belongs to another PID namespace
std::optional<runtime::ExecTarget> open_running(const std::filesystem::path& directory,
                                                const std::function<bool(const State&)>& suits);

}  // namespace rpod::container
