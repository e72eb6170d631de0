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

/// Writes the files that are made for a container and bound over the image's (/etc/hosts, /etc/resolv.conf,
/// /etc/hostname, /run/.containerenv) into `directory`, and names them in `facts`.
/// @param slirp  the pod's own network, null for host and joined ones
void write_host_files(const ContainerConfig& config, const net::ResolvConf& resolvers,
                      const net::SlirpConfig* slirp, const std::string& image_name,
                      const std::string& image_id, const std::filesystem::path& directory, HostFacts& facts);

}  // namespace rpod::container
