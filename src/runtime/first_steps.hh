// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>

#include "runtime/plan.hh"
#include "runtime/sync.hh"
#include "userns/pod_map.hh"

/// What the first process in new namespaces does before there is a root file system: a container's, and a
/// pod's.
namespace rpod::runtime {

/// Full capabilities in P from here on. Where P maps no 0 (one ID, kept), the caller's own ID stays. Nobody
/// in the namespaces can look at this process then.
void become_root(const userns::PodMaps& maps, std::optional<int> oom_score_adj);

/// Before become_root: the file that takes them belongs to root after that.
void set_clocks(const oci::Linux& linux);

/// A new session, so that nobody's terminal is ours.
void leave_caller();

/// Empty: as it is.
void set_host_name(const std::string& host, const std::string& domain);

/// Early, so that rpod:net starts while the mounts are made.
void set_up_network(const NetworkPlan& network, const userns::IdMap& gids, const InitSync& sync);

}  // namespace rpod::runtime
