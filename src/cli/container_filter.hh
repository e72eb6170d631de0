// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cli/container_view.hh"
#include "cli/filter_tests.hh"
#include "cli/pods.hh"
#include "container/snapshot.hh"

namespace rpod::cli {

/// Which containers `ps` means: --filter KEY=VALUE, where KEY is id, name, label, label!, exited, status,
/// ancestor, before, since, volume, health, pod, network, until, restart-policy or command. Of several values
/// of one key one must hold (of labels all).
class ContainerFilter {
  public:
    /// @throws Error for a key or a value that makes no sense, or a container that is not there
    ContainerFilter(const std::vector<std::string>& filters, const std::vector<container::Snapshot>& all,
                    ContainerImages& images, PodTable& pods);

    bool matches(const container::Snapshot& s) const { return tests_.hold(s); }
    /// A filter asks for containers that do not run, so --all is implied.
    bool asks_for_status() const { return tests_.has("status") || tests_.has("exited"); }

  private:
    FilterTests<container::Snapshot> tests_;
};

}  // namespace rpod::cli
