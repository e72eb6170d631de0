// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>

#include "cli/command.hh"
#include "cli/platform_options.hh"
#include "cli/registry_options.hh"

namespace rpod::cli {

/// `image inspect` of what a place has, as skopeo inspect shows it.
struct RawInspect {
    bool raw = false;     ///< the manifest's bytes
    bool config = false;  ///< the configuration; with `raw` its bytes
    PlatformOptions platform;
    RegistryOptions registry;

    bool wanted() const { return raw || config; }
};

void define_raw_inspect(CLI::App& flags, RawInspect& options);
/// @throws Error
int run_raw_inspect(Context& ctx, const RawInspect& options, const Args& names);

}  // namespace rpod::cli
