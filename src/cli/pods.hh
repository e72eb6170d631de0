// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cli/command.hh"
#include "pod/snapshot.hh"
#include "store/paths.hh"

namespace rpod::cli {

std::vector<Command> pod_create_commands();
/// `pod`: start, stop, restart, kill, pause, unpause, rm, prune, exists.
std::vector<Command> pod_life_commands();
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
    bool matches(const pod::PodSnapshot& pod) const;

  private:
    using Test = std::function<bool(const pod::PodSnapshot&)>;
    static Test make(const std::string& key, const std::string& value);
    std::vector<Test> tests_;                          ///< all must hold
    std::map<std::string, std::vector<Test>> any_of_;  ///< of one key, one
};

}  // namespace rpod::cli
