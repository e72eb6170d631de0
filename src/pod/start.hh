// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>

#include "container/start.hh"
#include "store/paths.hh"

namespace rpod::pod {

/// Starts a container that does not run where it belongs: alone, or in its pod, which is started where it
/// does not run. What container::start_container and run_container take.
std::optional<sys::ExitStatus> start_in_place(const store::Paths& paths,
                                              const container::ContainerConfig& config, sys::Fd& lock,
                                              const container::StartRequest& request,
                                              std::vector<net::PortListener> listeners);

/// Starts the pod's monitor where it does not live; none of its containers.
void start_empty(const store::Paths& paths, const std::string& id);

}  // namespace rpod::pod
