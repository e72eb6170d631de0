// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.hh"
#include "cli/filter_tests.hh"
#include "pod/snapshot.hh"
#include "store/paths.hh"

namespace rpod::cli {

std::vector<Command> pod_create_commands();
/// `pod`: start, stop, restart, kill, pause, unpause, rm, prune, exists.
std::vector<Command> pod_life_commands();
/// `pod clone`.
std::vector<Command> pod_clone_commands();
/// `pod ps` and `pod inspect`.
std::vector<Command> pod_show_commands();

/// The pods of containers, each looked up once.
class PodTable {
  public:
    explicit PodTable(store::Paths paths) : paths_(std::move(paths)) {}
    /// Null where the container is in none, or its pod is gone.
    const pod::PodConfig* find(const container::ContainerConfig& config);

  private:
    store::Paths paths_;
    std::map<std::string, std::optional<pod::PodConfig>> pods_;
};

/// The `--filter` flags of the commands about pods: ctr-ids, ctr-names, ctr-number, ctr-status, id, label,
/// name, network, status, until.
class PodFilter {
  public:
    /// @throws Error
    explicit PodFilter(const std::vector<std::string>& filters);
    bool matches(const pod::PodSnapshot& pod) const { return tests_.hold(pod); }

  private:
    FilterTests<pod::PodSnapshot> tests_;
};

}  // namespace rpod::cli
