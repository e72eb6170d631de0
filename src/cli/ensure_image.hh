// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "cli/context.hh"
#include "cli/registry_options.hh"
#include "container/config.hh"

namespace rpod::cli {

/// Brings the image of a container to be made into the store, as its pull policy says. A name that means an
/// image only by an alias is replaced by the image's own. @throws Error where it cannot be had
void ensure_image(Context& ctx, container::ContainerConfig& config, const RegistryOptions& options,
                  bool quiet);

}  // namespace rpod::cli
