// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/command.hh"
#include "cli/data.hh"
#include "cli/filter_tests.hh"
#include "container/volume_store.hh"

namespace rpod::cli {

/// `rpod volume create|ls|list|inspect|rm|prune|exists`.
std::vector<Command> volume_commands();

/// The containers that use each volume.
using VolumeUsers = std::map<std::string, std::vector<std::string>>;

/// Which volumes `volume ls` and `prune` mean: --filter KEY=VALUE, where KEY is anonymous, dangling, driver,
/// label, label!, name, opt, scope, since, after or until.
class VolumeFilter {
  public:
    /// @throws Error for a key or a value that makes no sense
    VolumeFilter(const std::vector<std::string>& filters, const store::Paths& paths,
                 const VolumeUsers& users);
    bool matches(const container::Volume& volume) const { return tests_.hold(volume); }

  private:
    FilterTests<container::Volume> tests_;
};

/// What `volume inspect` shows, and templates of `volume ls`.
DataObject make_volume_view(const container::Volume& volume, const store::Paths& paths,
                            const VolumeUsers& users);

}  // namespace rpod::cli
