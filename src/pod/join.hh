// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>

#include "container/config.hh"
#include "pod/config.hh"
#include "store/paths.hh"

namespace rpod::pod {

/// Makes a container that is to be created a member: its namespaces whose mode is NamespaceMode::pod become
/// the pod's, or private ones where the pod does not share them; what the pod gives to all is added.
/// @throws Error, in podman's words, where the container asks for what is the pod's to say
void join_pod(const store::Paths& paths, container::ContainerConfig& config, const std::string& id);

/// Judges what was asked of a new pod: namespaces of others are not a pod's to have, the host's network is
/// not shared but given to each member, and ports want a network of the pod's own. @throws Error
void check_pod(PodConfig& pod);

/// A pod for one container, by its name (`--pod new:NAME`): takes over what of the container's configuration
/// is a pod's, its network and host name.
PodConfig make_pod_for(container::ContainerConfig& config, const std::string& name);

}  // namespace rpod::pod
