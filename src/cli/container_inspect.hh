// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>

#include "cli/container_view.hh"
#include "cli/context.hh"
#include "cli/data.hh"
#include "oci/runtime_spec.hh"

namespace rpod::cli {

/// What `inspect` shows of a container: podman's InspectContainerData. Nothing where there is none of that
/// name. @param size  with its size, which is measured
std::optional<Data> inspect_container(const Context& ctx, const std::string& name, bool size);

/// What its parts are made of.
struct InspectInput {
    const container::Snapshot& snapshot;
    const store::Paths& paths;
    const image::Image* image;             ///< null where there is none
    std::optional<oci::RuntimeSpec> spec;  ///< nothing where it never ran
    std::string image_name;
};

/// "80/tcp" → where it is published. @param exposed  "80/tcp"; null for one that is not published
Data port_bindings(const std::vector<net::PortMapping>& ports,
                   const std::vector<std::string>& exposed);  // container_inspect_config.cc
DataObject inspect_state(const InspectInput& in);             // container_inspect.cc
DataList inspect_mounts(const InspectInput& in);              // container_inspect_config.cc
DataObject inspect_network(const InspectInput& in);           // container_inspect_config.cc
DataObject inspect_config(const InspectInput& in);            // container_inspect_config.cc
DataObject inspect_host_config(const InspectInput& in);       // container_inspect_host.cc

}  // namespace rpod::cli
