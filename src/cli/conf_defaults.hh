// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/containers_conf.hh"
#include "cli/run_options.hh"

/// What containers.conf sets, put below what the command line says.
namespace rpod::cli {

/// A key that rpod knows.
struct ConfKey {
    std::string_view name;      ///< "containers.netns"
    std::string_view built_in;  ///< what holds where no file sets it
    std::string_view unused;    ///< why rpod has no use for it; empty where it has
};

/// By table and name.
const std::vector<ConfKey>& conf_keys();

/// What the command line asks for, with what containers.conf sets where it says nothing.
/// @param flags  as they were parsed into `options`
/// @param args  IMAGE [COMMAND [ARG...]]
RunRequest read_request(RunOptions& options, const CLI::App& flags, const Args& args,
                        const ContainersConf& conf);

/// Its parts. The values of flags that were not given; before validate().
void set_defaults(RunOptions& options, const CLI::App& flags, const ContainersConf& conf);
/// After it: what comes beside the flags' lists, except where they say something of the same thing: a mount
/// of the same place, a limit or sysctl of the same name.
void add_defaults(container::ContainerConfig& config, const ContainersConf& conf, const Surroundings& around);

/// Where no flag named the keys: engine.detach_keys, or podman's own. Without a terminal nobody types them:
/// an empty `conf` will do.
std::string detach_keys(const std::optional<std::string>& typed, const ContainersConf& conf);

}  // namespace rpod::cli
