// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <string>

#include "container/config.hh"
#include "container/spec.hh"
#include "net/config.hh"
#include "net/resolv_conf.hh"

namespace rpod::container {

/// The files that are made for a container and bound over the image's, in `directory`; `facts` gets their
/// names.

/// Those that belong to a network: /etc/hosts and /etc/resolv.conf. One for all members of a pod that share
/// it.
/// @param slirp  the network where it is rpod's own, null for host and joined ones
void write_network_files(const ContainerConfig& config, const net::ResolvConf& resolvers,
                         const net::SlirpConfig* slirp, const std::filesystem::path& directory,
                         HostFacts& facts);

/// Those of the container itself: /etc/hostname and /run/.containerenv.
void write_own_files(const ContainerConfig& config, const std::string& image_name,
                     const std::string& image_id, const std::filesystem::path& directory, HostFacts& facts);

}  // namespace rpod::container
