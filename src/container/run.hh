// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "container/attach_client.hh"
#include "container/config.hh"
#include "store/paths.hh"

namespace rpod::container {

/// Makes a container and runs it with the command attached (`rpod run`). Returns when it has ended.
/// @param config  gets its ID, its name, and the environment that the command adds
/// @return the exit code of the payload, 128 + n for a signal
/// @throws Error, with the exit code that `run` ends with; nothing of the container is left then
int run_attached(const store::Paths& paths, ContainerConfig config, AttachStreams streams, bool sig_proxy);

}  // namespace rpod::container
