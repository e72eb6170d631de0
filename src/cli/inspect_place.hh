// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>

#include "cli/command.hh"
#include "cli/data.hh"
#include "cli/platform_options.hh"
#include "cli/registry_options.hh"

namespace rpod::cli {

/// `image inspect` of what a place has, without pulling it, as skopeo inspect shows it.
struct PlaceInspect {
    bool raw = false;      ///< the manifest's bytes
    bool config = false;   ///< the configuration; with `raw` its bytes
    bool no_tags = false;  ///< do not ask the registry for the repository's other tags
    PlatformOptions platform;
    RegistryOptions registry;

    /// Whether documents are shown instead of a summary.
    bool wants_document() const { return raw || config; }
};

void define_place_inspect(CLI::App& flags, PlaceInspect& options);
/// Shows the document of the one image named. @throws Error
int show_document(Context& ctx, const PlaceInspect& options, const Args& names);
/// Nothing where `name` has no transport in front, or is an image of the store. @throws Error
std::optional<Data> inspect_place(const Context& ctx, const PlaceInspect& options, const std::string& name);

}  // namespace rpod::cli
