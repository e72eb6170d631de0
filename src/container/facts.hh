// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "container/config.hh"
#include "container/spec.hh"
#include "store/paths.hh"

namespace rpod::container {

/// What make_spec must know of this machine, and of who runs rpod: in the command itself.
HostFacts collect_host_facts();

/// The device nodes below /dev that the caller may open, for --privileged; neither terminals nor what every
/// container has of its own.
std::vector<std::string> host_devices();

/// Fills in the namespaces of other containers that the config asks to join. @throws Error where one does not
/// run
void find_foreign_namespaces(const store::Paths& paths, const ContainerConfig& config, HostFacts& facts);

}  // namespace rpod::container
