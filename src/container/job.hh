// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "container/config.hh"
#include "container/member.hh"
#include "container/plan.hh"
#include "store/paths.hh"

namespace rpod::container {

struct JobRequest {
    bool attached = true;
    bool waits = false;
};

/// From the record of a container to what its monitor works on, complete with the plan of its launch.
/// @param pod  null for a lone container
/// @throws Error; the container's runtime directory is gone then
MonitorJob make_job(const store::Paths& paths, const ContainerConfig& config, const JobRequest& request,
                    const Origin& origin, const PodShare* pod);

}  // namespace rpod::container
