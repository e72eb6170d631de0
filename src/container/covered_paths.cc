// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/covered_paths.hh"

#include "container/spec.hh"

namespace rpod::container {

std::set<std::string> covered_paths(const ContainerConfig& config, const oci::RunConfig* image) {
    std::set<std::string> paths{"dev",
                                "proc",
                                "sys",
                                "etc/hosts",
                                "etc/hostname",
                                "etc/localtime",
                                "etc/resolv.conf",
                                "run/.containerenv"};
    for (const auto& mount : effective_mounts(config, image)) paths.insert(destination_of(mount).substr(1));
    for (const auto& device : config.devices) {
        if (device.container_path.starts_with('/')) paths.insert(device.container_path.substr(1));
    }
    return paths;
}

}  // namespace rpod::container
